"""What everything is worth: marks, exposure and equity in the account's currency, kept up to date as little as needed.

How it works: a quote or a change of position only marks its symbol as touched; whoever asks for a total first values
the touched symbols again. A mark is the middle of the last quote.
"""

from collections.abc import Mapping
from decimal import Decimal

from common.instruments import Instruments
from common.messages import Quote
from common.money import ONE, ZERO, decimal_of, ratio
from services.risk_manager.core.account import Account
from services.risk_manager.core.markets import Market
from services.risk_manager.core.reach import Reaches

_HALF = Decimal("0.5")


class Worth:
    """A symbol in the account's currency. exposure: largest |net| it can reach times mark; net: what is held."""

    __slots__ = ("exposure", "net")

    def __init__(self, exposure: Decimal, net: Decimal) -> None:
        self.exposure = exposure
        self.net = net


_NOTHING = Worth(ZERO, ZERO)


class Valuation:
    """Totals over all markets. It is derived from the state alone and is not part of it.

    touched: symbols whose quote or positions changed since they were valued.
    """

    __slots__ = (
        "_account",
        "_currency",
        "_exposure",
        "_instruments",
        "_markets",
        "_marks",
        "_net",
        "_reaches",
        "_worths",
        "touched",
    )

    def __init__(
        self,
        markets: Mapping[str, Market],
        reaches: Reaches,
        account: Account,
        instruments: Instruments,
        currency: str,
    ) -> None:
        self._markets = markets
        self._reaches = reaches
        self._account = account
        self._instruments = instruments
        self._currency = currency
        self._marks: dict[str, tuple[Quote, Decimal]] = {}
        self._worths: dict[str, Worth] = {}
        self.touched: dict[str, None] = dict.fromkeys(symbol for symbol, market in markets.items() if market.positions)
        self._exposure = ZERO
        self._net = ZERO

    def mark(self, market: Market) -> Decimal:
        """Return the middle of the last quote; without one, what the units held cost on average."""
        quote = market.quote
        if quote is None:
            return _mean_cost(market)
        known = self._marks.get(market.symbol)
        if known is not None and known[0] is quote:
            return known[1]
        bid, ask = quote.bid, quote.ask
        price = decimal_of(bid)
        mark = (price + (price if bid == ask else decimal_of(ask))) * _HALF
        self._marks[market.symbol] = (quote, mark)
        return mark

    def rate(self, currency: str) -> Decimal:
        """Return the account's currency per unit of another, by the market between them.

        Without such a market it is 1: a dollar stablecoin is worth a dollar, and anything else shows in the status.
        """
        if currency == self._currency:
            return ONE
        market = self._market_between(currency)
        return ONE if market is None else self.mark(market)

    def is_converted(self, currency: str) -> bool:
        """Return whether `rate` knows what it says."""
        return currency == self._currency or self._market_between(currency) is not None

    def _market_between(self, currency: str) -> Market | None:
        for separator in ("", "-", "/", "_"):
            market = self._markets.get(currency + separator + self._currency)
            if market is not None and market.quote is not None:
                return market
        return None

    def exposure_without(self, symbol: str) -> Decimal:
        """Return the sum over all other symbols of the largest |net position| they can reach times mark."""
        self._refresh()
        return self._exposure - self._worths.get(symbol, _NOTHING).exposure

    def exposure(self) -> Decimal:
        """Return the sum over all symbols of the largest |net position| they can reach times mark."""
        self._refresh()
        return self._exposure

    def equity(self) -> Decimal:
        """Return cash plus what all positions are worth at their marks."""
        self._refresh()
        purses = self._account.purses
        total = purses[self._currency].cash + self._net
        if len(purses) > 1:
            for currency, purse in purses.items():
                if currency != self._currency:
                    total += purse.cash * self.rate(currency)
        return total

    def _refresh(self) -> None:
        if not self.touched:
            return
        again: dict[str, None] = {}
        for symbol in self.touched:
            currency = self._instruments[symbol].quote
            rate = ONE if currency == self._currency else self.rate(currency)
            worth = self._value(self._markets[symbol], rate)
            before = self._worths.get(symbol, _NOTHING)
            if worth is not before:
                self._exposure += worth.exposure - before.exposure
                self._net += worth.net - before.net
                self._worths[symbol] = worth
            if rate is not ONE and worth is not _NOTHING:
                again[symbol] = None  # its worth moves with the exchange rate too
        self.touched = again

    def _value(self, market: Market, rate: Decimal) -> Worth:
        if not market.open_positions:
            return _NOTHING
        reach = self._reaches[market.symbol]
        price = self.mark(market)
        if rate is not ONE:
            price *= rate
        return Worth(reach.largest * price, reach.net * price)


def _mean_cost(market: Market) -> Decimal:
    units = cost = ZERO
    for position in market.positions.values():
        units += abs(position.quantity)
        cost += abs(position.cost)
    return ratio(cost, units) if units else ZERO
