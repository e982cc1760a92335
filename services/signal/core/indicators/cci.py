"""CCI: commodity channel index.

    p = (high + low + close) / 3;  cci[t] = (p[t] - sma(p)) / (0.015 * mean(|p - sma(p)|)) over the last n bars

0 where there is no deviation. First value at the n-th bar. Every update goes through the window: the mean absolute
deviation about a moving mean has no recurrence. Source: D. Lambert, "Commodity Channel Index" (Commodities, 1980), and
TA-Lib function CCI (ta_CCI.c).
"""

from collections import deque
from collections.abc import Sequence
from math import fsum
from typing import Any, ClassVar

from services.signal.core.indicator import Parameter

SCALE = 0.015
"""Lambert's constant, which puts most values between -100 and 100."""
MAX_CCI_PERIOD = 1_000
"""Longest window, bars: an update costs as much as the window is long."""


class Cci:
    """How many mean deviations the typical price stands from its mean."""

    INPUTS: ClassVar[tuple[str, ...]] = ("high", "low", "close")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("cci",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (Parameter("period", 2, MAX_CCI_PERIOD, 20),)

    __slots__ = ("_period", "_window", "value")

    def __init__(self, period: int) -> None:
        self._period = period
        self._window: deque[float] = deque(maxlen=period)
        self.value: float | None = None

    def update(self, high: float, low: float, close: float) -> float | None:
        """Take a bar; return the index, None before `period` bars."""
        price, window = (high + low + close) / 3.0, self._window
        window.append(price)
        if len(window) == self._period:
            mean = fsum(window) / self._period
            deviation = fsum([abs(x - mean) for x in window]) / self._period
            self.value = (price - mean) / (SCALE * deviation) if deviation else 0.0
        return self.value

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (tuple(self._window), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        window, self.value = state
        self._window = deque(window, maxlen=self._period)
