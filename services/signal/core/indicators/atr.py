"""ATR: average true range, Wilder's.

    tr[t] = max(high[t], close[t-1]) - min(low[t], close[t-1]);  atr[t] = (atr[t-1] * (n - 1) + tr[t]) / n

The first true range needs a previous close; the average is seeded by the simple average of the first n ranges, so the
first value comes at bar n + 1. Source: J. W. Wilder, "New Concepts in Technical Trading Systems" (1978), and TA-Lib
function ATR (ta_ATR.c).
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import PERIOD, Parameter


class Atr:
    """How far a bar moves, in price units."""

    INPUTS: ClassVar[tuple[str, ...]] = ("high", "low", "close")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("atr",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD._replace(default=14),)

    __slots__ = ("_period", "_previous", "_ranges", "_sum", "value")

    def __init__(self, period: int) -> None:
        self._period = period
        self._ranges = 0
        self._sum = 0.0
        self._previous: float | None = None
        self.value: float | None = None

    def update(self, high: float, low: float, close: float) -> float | None:
        """Take a bar; return the average range, None before `period` + 1 bars."""
        previous = self._previous
        self._previous = close
        if previous is None:
            return None
        top = high if high > previous else previous  # noqa: FURB136 - max() costs three times as much here
        bottom = low if low < previous else previous  # noqa: FURB136 - so does min()
        span = top - bottom
        value = self.value
        if value is not None:
            self.value = value = (value * (self._period - 1) + span) / self._period
            return value
        self._ranges += 1
        self._sum += span
        if self._ranges == self._period:
            self.value = self._sum / self._period
        return self.value

    def update_many(self, highs: Sequence[float], lows: Sequence[float], closes: Sequence[float]) -> list[float | None]:
        """Take bars; return what `update` answers for each."""
        found: list[float | None] = []
        bars = zip(highs, lows, closes, strict=True)
        for bar in bars:
            found.append(self.update(*bar))
            if self.value is not None:
                break
        value, previous, period = self.value, self._previous, self._period
        if value is None or previous is None:
            return found
        for high, low, close in bars:
            top = high if high > previous else previous  # noqa: FURB136 - as in `update`
            bottom = low if low < previous else previous  # noqa: FURB136 - as in `update`
            previous = close
            value = (value * (period - 1) + (top - bottom)) / period
            found.append(value)
        self.value, self._previous = value, previous
        return found

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._ranges, self._sum, self._previous, self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._ranges, self._sum, self._previous, self.value = state
