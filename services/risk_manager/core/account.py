"""The account: cash, realised P&L and fees per currency."""

from decimal import Decimal

import msgspec

from common.messages import Fill, Side
from common.money import ZERO


class Purse(msgspec.Struct, gc=False):
    """One currency. cash: initial cash minus purchases plus sales minus fees."""

    cash: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO


class Account(msgspec.Struct):
    """The purses by currency; a currency appears with its first use."""

    purses: dict[str, Purse] = {}

    def purse(self, currency: str) -> Purse:
        """Return the purse of a currency, an empty one the first time."""
        purse = self.purses.get(currency)
        if purse is None:
            purse = self.purses[currency] = Purse()
        return purse

    def book(self, fill: Fill, notional: Decimal, realised: Decimal, currency: str) -> None:
        """Book a fill worth `notional` in `currency`, its symbol's quote currency; its fee may be in another."""
        purse, fee = self.purses.get(currency) or self.purse(currency), fill.fee
        cash = purse.cash - notional if fill.side is Side.BUY else purse.cash + notional
        purse.realised += realised
        if fill.fee_currency == currency:
            purse.cash = cash - fee
            purse.fees += fee
        else:
            purse.cash = cash
            payer = self.purse(fill.fee_currency)
            payer.cash -= fee
            payer.fees += fee
