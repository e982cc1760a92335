"""Mean and variance of the last n values, exact enough to run for years.

How it works: sums are kept of the distances to an anchor near the mean, so that they are small and lose little.
Once the ring has gone round (a pure function of the count), the anchor and the sums are made anew from the window with
`math.fsum`: rounding never adds up for more than n updates. The same is done at once when a step is so large, or the
variance so small beside the distance to the anchor, that subtraction would cancel the digits that matter.
"""

from collections.abc import Sequence
from math import fsum, sqrt
from typing import Any

LARGE_STEP = 1e3
"""A step this many times the largest value of the window makes the sums anew at once."""
NOT_WARM = -1.0
"""A limit that no step keeps: every value of an unfinished window takes the slow path, so the fast one need not ask."""
CANCELLATION = 1e3
"""A mean square about the anchor this many times the variance makes the sums anew at once."""


def _largest(ring: list[float]) -> float:
    top, bottom = max(ring), -min(ring)
    return max(top, bottom)


class RollingMean:
    """The arithmetic mean of the last `period` values."""

    __slots__ = ("_anchor", "_count", "_limit", "_period", "_position", "_ring", "_sum", "value")

    def __init__(self, period: int) -> None:
        self._period = period
        self._ring = [0.0] * period
        self._position = 0
        self._count = 0
        self._anchor = 0.0
        self._limit = NOT_WARM
        self._sum = 0.0
        self.value: float | None = None

    def update(self, x: float) -> float | None:
        """Take a value; return the mean, None before `period` values."""
        position, ring, limit = self._position, self._ring, self._limit
        step = x - ring[position]
        ring[position] = x
        position += 1
        if position == self._period or not -limit <= step <= limit:
            self._position = 0 if position == self._period else position
            return self._anew()
        self._position = position
        self._sum = total = self._sum + step
        self.value = value = self._anchor + total / self._period
        return value

    def update_many(self, values: Sequence[float]) -> list[float | None]:
        """Take values; return what `update` answers for each."""
        ring, period, means = self._ring, self._period, list[float | None]()
        position, anchor, limit, total = self._position, self._anchor, self._limit, self._sum
        for x in values:
            step = x - ring[position]
            ring[position] = x
            position += 1
            if position == period or not -limit <= step <= limit:
                self._position = 0 if position == period else position
                means.append(self._anew())
                position, anchor, limit, total = self._position, self._anchor, self._limit, self._sum
            else:
                total += step
                means.append(anchor + total / period)
        self._position, self._sum = position, total
        if means:
            self.value = means[-1]
        return means

    def _anew(self) -> float | None:
        if self._count < self._period:
            self._count += 1
            if self._count < self._period:
                return None
        ring = self._ring
        mean = fsum(ring) / self._period
        self._anchor, self._sum, self._limit = mean, 0.0, _largest(ring) * LARGE_STEP
        self.value = mean
        return mean

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        ring = tuple(self._ring)
        return (self._count, self._position, self._anchor, self._limit, self._sum, self.value, ring)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._count, self._position, self._anchor, self._limit, self._sum, self.value, ring = state
        self._ring = list(ring)


class RollingVariance:
    """Mean and population standard deviation of the last `period` values."""

    __slots__ = (
        "_anchor",
        "_count",
        "_limit",
        "_period",
        "_position",
        "_ring",
        "_squares",
        "_sum",
        "deviation",
        "mean",
    )

    def __init__(self, period: int) -> None:
        self._period = period
        self._ring = [0.0] * period
        self._position = 0
        self._count = 0
        self._anchor = 0.0
        self._limit = NOT_WARM
        self._sum = 0.0
        self._squares = 0.0
        self.mean = 0.0
        self.deviation = 0.0

    def push(self, x: float) -> bool:
        """Take a value; return whether `mean` and `deviation` are those of a full window."""
        position, ring, period = self._position, self._ring, self._period
        old = ring[position]
        ring[position] = x
        position += 1
        step = x - old
        if position == period or not -self._limit <= step <= self._limit:
            self._position = 0 if position == period else position
            return self._anew()
        self._position = position
        self._sum += step
        self._squares += step * ((x - self._anchor) + (old - self._anchor))
        shift = self._sum / period
        square = self._squares / period
        variance = square - shift * shift
        if variance * CANCELLATION < square:
            return self._anew()
        self.mean = self._anchor + shift
        self.deviation = sqrt(variance)
        return True

    def _anew(self) -> bool:
        if self._count < self._period:
            self._count += 1
            if self._count < self._period:
                return False
        ring = self._ring
        mean = fsum(ring) / self._period
        squares = fsum([(x - mean) * (x - mean) for x in ring])
        self._anchor, self._sum, self._squares = mean, 0.0, squares
        self._limit = _largest(ring) * LARGE_STEP
        self.mean = mean
        self.deviation = sqrt(squares / self._period)
        return True

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        sums = (self._anchor, self._limit, self._sum, self._squares)
        return (self._count, self._position, sums, self.mean, self.deviation, tuple(self._ring))

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._count, self._position, sums, self.mean, self.deviation, ring = state
        self._anchor, self._limit, self._sum, self._squares = sums
        self._ring = list(ring)
