"""The closed bars of one symbol and timeframe, which all its runners share."""

from bisect import bisect_left, bisect_right
from collections import deque
from enum import Enum
from typing import Any

from common.messages import Bar, BarSource
from services.signal.core.rows import BarRows


class Verdict(Enum):
    """What a bar is to its series."""

    TAKEN = "taken"
    TAKEN_AFTER_GAP = "taken_after_gap"
    """It does not begin where the one before it ended."""
    PARTIAL = "partial"
    """Its beginning was not observed: it feeds nothing."""
    OLD = "old"
    """Delivered again, or older than the latest."""


class Series:
    """A bounded window of bars in order of time. count: bars ever taken.

    How it works: rows of a table are only noted, and become bars when somebody wants to see the window.
    """

    __slots__ = ("_latest_ns", "_limit", "_rows", "_window", "count", "symbol", "timeframe")

    def __init__(self, symbol: str, timeframe: str, limit: int) -> None:
        self.symbol = symbol
        self.timeframe = timeframe
        self.count = 0
        self._limit = limit
        self._window: deque[Bar] = deque(maxlen=limit)
        self._rows: list[tuple[BarRows, int, int]] = []
        self._latest_ns: tuple[int, int] | None = None

    @property
    def window(self) -> deque[Bar]:
        """Return the latest bars, oldest first."""
        for rows, first, behind in self._rows:
            self._window.extend(map(rows.bar, range(max(first, behind - self._limit), behind)))
        self._rows.clear()
        return self._window

    @property
    def latest(self) -> Bar | None:
        """Return the latest closed bar."""
        return self.window[-1] if self.window else None

    @property
    def reached_ns(self) -> int:
        """Return the end of the latest closed bar, 0 before the first."""
        return 0 if self._latest_ns is None else self._latest_ns[1]

    def judge(self, bar: Bar) -> Verdict:
        """Take a bar if it is whole and new; say what it was."""
        if bar.partial:
            return Verdict.PARTIAL
        verdict, latest = Verdict.TAKEN, self._latest_ns
        if latest is not None:
            if bar.start_ns <= latest[0]:
                return Verdict.OLD
            if bar.start_ns > latest[1]:
                verdict = Verdict.TAKEN_AFTER_GAP
        self._latest_ns = (bar.start_ns, bar.end_ns)
        window = self.window if self._rows else self._window
        window.append(bar)
        self.count += 1
        return verdict

    def take_rows(self, rows: BarRows, first: int, behind: int) -> int:
        """Take whole and new bars of this series, at least one; return how many did not follow the one before."""
        start_ns, latest = rows.starts[first - rows.first], self._latest_ns
        assert latest is None or start_ns > latest[0], f"{self.symbol}: expected a bar after {latest}, found {start_ns}"
        gaps = 0 if latest is None else int(start_ns > latest[1])
        if rows.gaps:
            gaps += bisect_left(rows.gaps, behind) - bisect_right(rows.gaps, first)
        last_ns = rows.starts[behind - 1 - rows.first]
        self._latest_ns = (last_ns, last_ns + rows.length_ns)
        self.count += behind - first
        self._note(rows, first, behind)
        return gaps

    def _note(self, rows: BarRows, first: int, behind: int) -> None:
        noted = self._rows
        if noted and noted[-1][0] is rows and noted[-1][2] == first:
            noted[-1] = (rows, noted[-1][1], behind)
            return
        noted.append((rows, first, behind))
        kept = sum(end - begin for _, begin, end in noted[1:])
        if kept >= self._limit:
            del noted[0]

    def save(self) -> tuple[Any, ...]:
        """Return all that is remembered, as plain data."""
        return (self.symbol, self.timeframe, self.count, [_row(bar) for bar in self.window])

    def load(self, count: int, rows: list[tuple[Any, ...]]) -> None:
        """Take over what `save` returned."""
        self.count = count
        self._window.extend(self._bar(*row) for row in rows)
        latest = self.latest
        self._latest_ns = None if latest is None else (latest.start_ns, latest.end_ns)

    def _bar(
        self, received_ns: int, start_ns: int, end_ns: int, prices: tuple[float, ...], rest: tuple[Any, ...]
    ) -> Bar:
        open_, high, low, close = prices
        volume, trade_count, source = rest
        return Bar(
            event_ns=end_ns,
            received_ns=received_ns,
            symbol=self.symbol,
            timeframe=self.timeframe,
            start_ns=start_ns,
            end_ns=end_ns,
            open=open_,
            high=high,
            low=low,
            close=close,
            volume=volume,
            trade_count=trade_count,
            source=BarSource(source),
        )


def _row(bar: Bar) -> tuple[Any, ...]:
    prices = (bar.open, bar.high, bar.low, bar.close)
    return (bar.received_ns, bar.start_ns, bar.end_ns, prices, (bar.volume, bar.trade_count, bar.source.value))
