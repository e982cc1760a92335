"""WMA: weighted moving average.

    wma[t] = (n * x[t] + (n-1) * x[t-1] + ... + 1 * x[t-n+1]) / (n * (n+1) / 2)

First value at the n-th bar. Source: TA-Lib function WMA (ta_WMA.c). The sums are kept of distances to an anchor and made
anew each time the window has gone round, as in `services/signal/core/rolling.py`.
"""

from collections.abc import Sequence
from math import fsum
from typing import Any, ClassVar

from services.signal.core.indicator import PERIOD, Parameter


class Wma:
    """Mean of the last `period` closes, the latest weighing most."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("wma",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD,)

    __slots__ = ("_anchor", "_count", "_period", "_position", "_ring", "_sum", "_weighted", "_weights", "value")

    def __init__(self, period: int) -> None:
        self._period = period
        self._weights = period * (period + 1) / 2
        self._ring = [0.0] * period
        self._position = self._count = 0
        self._anchor = self._sum = self._weighted = 0.0
        self.value: float | None = None

    def update(self, close: float) -> float | None:
        """Take a close; return the mean, None before `period` closes."""
        position, ring = self._position, self._ring
        old = ring[position]
        ring[position] = close
        position += 1
        if position == self._period or self._count < self._period:
            self._position = 0 if position == self._period else position
            return self._anew()
        self._position = position
        distance = close - self._anchor
        self._weighted += self._period * distance - self._sum
        self._sum += distance - (old - self._anchor)
        self.value = value = self._anchor + self._weighted / self._weights
        return value

    def _anew(self) -> float | None:
        if self._count < self._period:
            self._count += 1
            if self._count < self._period:
                return None
        window = [*self._ring[self._position :], *self._ring[: self._position]]
        self._anchor = anchor = fsum(window) / self._period
        self._sum = fsum([x - anchor for x in window])
        self._weighted = fsum([weight * (x - anchor) for weight, x in enumerate(window, 1)])
        self.value = anchor + self._weighted / self._weights
        return self.value

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        sums = (self._anchor, self._sum, self._weighted)
        return (self._count, self._position, sums, tuple(self._ring), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._count, self._position, sums, ring, self.value = state
        self._anchor, self._sum, self._weighted = sums
        self._ring = list(ring)
