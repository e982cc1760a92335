"""The closed bars of one symbol and timeframe, which all its runners share."""

from collections import deque
from enum import Enum
from typing import Any

from common.messages import Bar, BarSource


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
    """A bounded window of bars in order of time. count: bars ever taken."""

    __slots__ = ("count", "symbol", "timeframe", "window")

    def __init__(self, symbol: str, timeframe: str, limit: int) -> None:
        self.symbol = symbol
        self.timeframe = timeframe
        self.count = 0
        self.window: deque[Bar] = deque(maxlen=limit)

    @property
    def latest(self) -> Bar | None:
        """Return the latest closed bar."""
        return self.window[-1] if self.window else None

    def judge(self, bar: Bar) -> Verdict:
        """Take a bar if it is whole and new; say what it was."""
        if bar.partial:
            return Verdict.PARTIAL
        window = self.window
        if not window:
            verdict = Verdict.TAKEN
        else:
            latest = window[-1]
            if bar.start_ns <= latest.start_ns:
                return Verdict.OLD
            verdict = Verdict.TAKEN_AFTER_GAP if bar.start_ns > latest.end_ns else Verdict.TAKEN
        window.append(bar)
        self.count += 1
        return verdict

    def save(self) -> tuple[Any, ...]:
        """Return all that is remembered, as plain data."""
        return (self.symbol, self.timeframe, self.count, [_row(bar) for bar in self.window])

    def load(self, count: int, rows: list[tuple[Any, ...]]) -> None:
        """Take over what `save` returned."""
        self.count = count
        self.window.extend(self._bar(*row) for row in rows)

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
