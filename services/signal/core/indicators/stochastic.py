"""Stochastic oscillator.

    raw[t] = 100 * (x[t] - lowest low) / (highest high - lowest low) over the last k bars, 0 where the range is 0
    k = sma(raw, smooth);  d = sma(k, d)

With smooth = 1 it is the fast stochastic. Both begin together, at bar k + smooth + d - 2. Source: G. Lane's stochastics,
TA-Lib function STOCH (ta_STOCH.c) with simple averages.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.extremes import Reach
from services.signal.core.indicator import MAX_PERIOD, Parameter
from services.signal.core.rolling import RollingMean

Lines = tuple[float, float]


class Stochastic:
    """(k, d): where the close stands in the range of the last bars, 0 to 100, and its mean."""

    INPUTS: ClassVar[tuple[str, ...]] = ("high", "low", "close")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("k", "d")
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (
        Parameter("k", 1, MAX_PERIOD, 14),
        Parameter("d", 1, MAX_PERIOD, 3),
        Parameter("smooth", 1, MAX_PERIOD, 3),
    )

    __slots__ = ("_high", "_low", "_mean", "_slow", "value")

    def __init__(self, k: int, d: int, smooth: int) -> None:
        self._high, self._low = Reach(k, 1.0), Reach(k, -1.0)
        self._slow, self._mean = RollingMean(smooth), RollingMean(d)
        self.value: Lines | None = None

    def update(self, high: float, low: float, close: float) -> Lines | None:
        """Take a bar; return both lines, None before k + smooth + d - 2 bars."""
        top, bottom = self._high.update(high), self._low.update(low)
        if top is None or bottom is None:
            return None
        span = top - bottom
        slow = self._slow.update(100.0 * ((close - bottom) / span) if span else 0.0)
        if slow is None:
            return None
        mean = self._mean.update(slow)
        if mean is not None:
            self.value = (slow, mean)
        return self.value

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        parts = (self._high.state(), self._low.state(), self._slow.state(), self._mean.state())
        return (*parts, self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        high, low, slow, mean, value = state
        self._high.restore(high)
        self._low.restore(low)
        self._slow.restore(slow)
        self._mean.restore(mean)
        self.value = None if value is None else tuple(value)
