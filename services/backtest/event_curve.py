"""What symbols were worth at even times while events went by; the times of the equity curve.

How it works: a point is noted when the first event at or behind its time comes, before that event counts. A run too
long for MAX_POINTS is noted half as densely, again and again.
"""

from typing import Final

import numpy as np

from services.backtest.bars_table import Floats, Integers

MAX_POINTS: Final = 200_000
"""Points of a curve."""


class EventCurve:
    """The marks of symbols on a grid of times. `marks` is set by who drives, quote units."""

    def __init__(self, symbols: tuple[str, ...], step_ns: int) -> None:
        self.marks: dict[str, float] = dict.fromkeys(symbols, float("nan"))
        self._step_ns = step_ns
        self._times: list[int] = []
        self._closes: dict[str, list[float]] = {symbol: [] for symbol in symbols}
        self.next_ns = 0

    def pass_time(self, now_ns: int) -> None:
        """Note the points up to a time; call it where now_ns has reached `next_ns`."""
        if self.next_ns:
            # Silence is no news: of the points in it, only the last is noted beside the first.
            self._note(self.next_ns)
            last_ns = now_ns - now_ns % self._step_ns
            if last_ns > self.next_ns:
                self._note(last_ns)
        self.next_ns = now_ns - now_ns % self._step_ns + self._step_ns

    def end(self, now_ns: int) -> None:
        """Note the last point, behind all that happened at that time."""
        self._note(now_ns + 1)

    def _note(self, time_ns: int) -> None:
        self._times.append(time_ns)
        for symbol, mark in self.marks.items():
            self._closes[symbol].append(mark)
        if len(self._times) > MAX_POINTS:
            self._step_ns *= 2
            del self._times[::2]
            for closes in self._closes.values():
                del closes[::2]

    def columns(self) -> tuple[Integers, dict[str, Floats]]:
        """Return the times and the marks at them; what was not known yet is what was known first."""
        times = np.array(self._times, dtype=np.int64)
        return times, {symbol: _known(np.array(closes, dtype=np.float64)) for symbol, closes in self._closes.items()}


def _known(closes: Floats) -> Floats:
    there = np.flatnonzero(~np.isnan(closes))
    if len(there) == 0:
        return np.zeros(len(closes))
    closes[: there[0]] = closes[there[0]]
    return closes
