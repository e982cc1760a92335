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
        purse = self.purse(currency)
        if fill.side is Side.BUY:
            purse.cash -= notional
        else:
            purse.cash += notional
        purse.realised += realised
        payer = purse if fill.fee_currency == currency else self.purse(fill.fee_currency)
        payer.cash -= fill.fee
        payer.fees += fill.fee
