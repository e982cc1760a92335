"""Closed bars of one symbol as columns, for who has many of them at once; a `Bar` is only made of a row that needs one."""

from collections.abc import Sequence

import msgspec

from common.messages import Bar, BarSource


class BarRows(msgspec.Struct, frozen=True, gc=False):
    """Rows `first` up to, not including, `behind` of a table, in order of time; row r stands at r - first in each column.

    starts: nanoseconds UTC. ends: the ends of the bars, seconds since 1970 UTC. gaps: the rows, ascending, that do not
    begin where the row before them in the table ended.
    """

    symbol: str
    timeframe: str
    length_ns: int
    first: int
    behind: int
    starts: Sequence[int]
    ends: Sequence[float]
    opens: Sequence[float]
    highs: Sequence[float]
    lows: Sequence[float]
    closes: Sequence[float]
    volumes: Sequence[float]
    gaps: Sequence[int] = ()

    def bar(self, row: int) -> Bar:
        """Return a row as the message it stands for."""
        at = row - self.first
        start_ns = self.starts[at]
        end_ns = start_ns + self.length_ns
        return Bar(
            event_ns=end_ns,
            received_ns=end_ns,
            symbol=self.symbol,
            timeframe=self.timeframe,
            start_ns=start_ns,
            end_ns=end_ns,
            open=self.opens[at],
            high=self.highs[at],
            low=self.lows[at],
            close=self.closes[at],
            volume=self.volumes[at],
            trade_count=0,
            source=BarSource.TRADES,
        )

    def market(self, row: int, bid: float, ask: float) -> tuple[float, ...]:
        """Return a row as the fields of `MarketView`."""
        at, close = row - self.first, self.closes[row - self.first]
        return (self.ends[at], self.opens[at], self.highs[at], self.lows[at], close, self.volumes[at], bid, ask, close)

    def id(self, row: int) -> str:
        """Return what `Bar.id` would be."""
        return f"bar:{self.symbol}:{self.timeframe}:{self.starts[row - self.first]}"

    def first_at(self, first: int, behind: int, falling: float, rising: float) -> int:
        """Return the first of these rows whose low is at `falling` or below, or high at `rising` or above; else `behind`."""
        lows, highs = self.lows, self.highs
        for at in range(first - self.first, behind - self.first):
            if lows[at] <= falling or highs[at] >= rising:
                return at + self.first
        return behind
