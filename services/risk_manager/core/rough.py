"""Float bounds of exposure and equity: enough to see that a limit is far away, which it nearly always is.

How it works: for each symbol with open positions it keeps net, reach and mark as floats; a quote moves one mark, and a
sum over the symbols costs a tenth of a microsecond each. Bounds are wider than any error of that sum by orders of
magnitude, so what passes by them passes exactly; what does not is decided by `Valuation`. A symbol without a quote, or
quoted in another currency than the account's, makes the whole unusable until it is closed.
"""

from collections.abc import Mapping
from decimal import Decimal

from common.instruments import Instruments
from common.messages import Quote
from common.money import ZERO
from services.risk_manager.core.account import Account
from services.risk_manager.core.markets import Market
from services.risk_manager.core.reach import Reaches

WIDENING = 1e-9
"""Share of all amounts added up by which a bound is wider than the sum; the sum itself is off by about 1e-13."""

ROOM = 1.0
"""Units of currency by which a bound is wider beside that share."""

LARGEST = 1e15
"""Amounts beyond which a float no longer holds a unit of currency."""


class Entry:
    """One symbol: base units held and reachable, and the mark. The exact ones say whether the floats are still theirs."""

    __slots__ = ("exact_net", "exact_reach", "mark", "net", "reach")

    def __init__(self) -> None:
        self.exact_net = self.exact_reach = ZERO
        self.net = self.reach = self.mark = 0.0

    def take(self, net: Decimal, reach: Decimal, mark: float) -> None:
        """Take over how a symbol stands; to turn a Decimal into a float is what costs."""
        if net is not self.exact_net:
            self.exact_net, self.net = net, float(net)
        if reach is not self.exact_reach:
            self.exact_reach, self.reach = reach, float(reach)
        self.mark = mark


class Rough:
    """Approximate totals over all markets. It is derived from the state alone and is not part of it.

    changed: symbols whose positions, or what is on its way to them, changed since they were read.
    """

    __slots__ = (
        "_account",
        "_cash",
        "_currency",
        "_entries",
        "_exact_cash",
        "_instruments",
        "_markets",
        "_reaches",
        "_unusable",
        "changed",
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
        self._entries: dict[str, Entry] = {}
        self._unusable: set[str] = set()
        self._exact_cash, self._cash = ZERO, 0.0
        self.changed: dict[str, None] = dict.fromkeys(markets)

    def refresh(self, market: Market) -> None:
        """Take in a symbol's positions now, at the mark there is."""
        self._read(market)

    def follow(self, quote: Quote) -> float:
        """Move a symbol's mark to a quote that its market has already; return what that adds to equity.

        What a fill changed must have been taken in by `refresh` before.
        """
        symbol = quote.symbol
        if symbol in self.changed or symbol in self._unusable:
            before = self._entries.get(symbol)
            was = 0.0 if before is None else before.mark
            self._read(self._markets[symbol])
            entry = self._entries.get(symbol)
            return 0.0 if before is None or entry is None else entry.net * (entry.mark - was)
        entry = self._entries.get(symbol)
        if entry is None:
            return 0.0
        mark = (quote.bid + quote.ask) * 0.5
        added = entry.net * (mark - entry.mark)
        entry.mark = mark
        return added

    def is_usable(self) -> bool:
        """Return whether every open position can be valued in the account's currency by its own quote."""
        while self.changed:
            self._read(self._markets[next(iter(self.changed))])
        return not self._unusable and len(self._account.purses) == 1

    def totals_without(self, symbol: str) -> tuple[float, float] | None:
        """Return (most exposure of all other symbols, least equity), wider than any error; None if unusable."""
        if (self.changed or self._unusable or len(self._account.purses) != 1) and not self.is_usable():
            return None
        exact = self._account.purses[self._currency].cash
        if exact is not self._exact_cash:
            self._exact_cash, self._cash = exact, float(exact)
        cash = self._cash
        if not self._entries and abs(cash) < LARGEST:
            error = abs(cash) * WIDENING + ROOM
            return error, cash - error
        exposure, equity, amounts = 0.0, cash, abs(cash)
        for entry in self._entries.values():
            worth = entry.net * entry.mark
            exposure += entry.reach * entry.mark
            equity += worth
            amounts += abs(worth)
        amounts += exposure
        if not amounts < LARGEST:
            return None
        own = self._entries.get(symbol)
        if own is not None:
            exposure -= own.reach * own.mark
        error = amounts * WIDENING + ROOM
        return exposure + error, equity - error

    def worth_of(self, symbols: tuple[str, ...], but: str) -> float:
        """Return the most that symbols, but for one, could be worth; ask `totals_without` whether it is known first."""
        worth = 0.0
        for symbol in symbols:
            entry = self._entries.get(symbol)
            if entry is not None and symbol != but:
                worth += entry.reach * entry.mark
        return worth + worth * WIDENING + ROOM

    def _read(self, market: Market) -> None:
        symbol = market.symbol
        self.changed.pop(symbol, None)
        if self._unusable:
            self._unusable.discard(symbol)
        if not market.open_positions:
            self._entries.pop(symbol, None)
            return
        quote = market.quote
        if quote is None or self._instruments[symbol].quote != self._currency:
            self._unusable.add(symbol)
            self._entries.pop(symbol, None)
            return
        reach = self._reaches[symbol]
        entry = self._entries.get(symbol)
        if entry is None:
            entry = self._entries[symbol] = Entry()
        entry.take(reach.net, reach.largest, (quote.bid + quote.ask) * 0.5)
