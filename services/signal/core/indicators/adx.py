"""ADX: average directional index, Wilder's.

    up = high[t] - high[t-1];  down = low[t-1] - low[t];  of both only the larger counts, if above 0
    sums of up, down and true range: the first n - 1 changes added up, then s[t] = s[t-1] - s[t-1] / n + now
    +di = 100 * up / range;  -di = 100 * down / range;  dx = 100 * |+di - -di| / (+di + -di)
    adx = mean of the first n dx, then (adx[t-1] * (n - 1) + dx) / n

First value at bar 2 n. Source: J. W. Wilder, "New Concepts in Technical Trading Systems" (1978), and TA-Lib function ADX
(ta_ADX.c), whose seeding it has.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import MAX_PERIOD, Parameter

STILL = 1e-14
"""Sums smaller than this count as no movement (TA-Lib's TA_IS_ZERO)."""

Lines = tuple[float, float, float]


class Adx:
    """(adx, plus_di, minus_di), 0 to 100: strength of the trend, and its two directions."""

    INPUTS: ClassVar[tuple[str, ...]] = ("high", "low", "close")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("adx", "plus_di", "minus_di")
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (Parameter("period", 2, MAX_PERIOD, 14),)

    __slots__ = ("_changes", "_index", "_minus", "_period", "_plus", "_previous", "_range", "value")

    def __init__(self, period: int) -> None:
        self._period = period
        self._changes = 0
        self._plus = self._minus = self._range = self._index = 0.0
        self._previous: tuple[float, float, float] | None = None
        self.value: Lines | None = None

    def update(self, high: float, low: float, close: float) -> Lines | None:
        """Take a bar; return the three lines, None before 2 `period` bars."""
        previous = self._previous
        self._previous = (high, low, close)
        if previous is None:
            return None
        self._changes += 1
        self._add(high - previous[0], previous[1] - low, max(high, previous[2]) - min(low, previous[2]))
        if self._changes < self._period:
            return None
        plus, minus = self._directions()
        self._average(plus, minus)
        if self._changes >= 2 * self._period - 1:
            self.value = (self._index, plus, minus)
        return self.value

    def _add(self, up: float, down: float, span: float) -> None:
        if self._changes >= self._period:
            self._plus -= self._plus / self._period
            self._minus -= self._minus / self._period
            self._range -= self._range / self._period
        if up > down and up > 0.0:
            self._plus += up
        elif down > up and down > 0.0:
            self._minus += down
        self._range += span

    def _directions(self) -> tuple[float, float]:
        span = self._range
        return (0.0, 0.0) if span < STILL else (100.0 * (self._plus / span), 100.0 * (self._minus / span))

    def _average(self, plus: float, minus: float) -> None:
        both, period = plus + minus, self._period
        if both < STILL:
            return
        movement = 100.0 * (abs(plus - minus) / both)
        if self._changes < 2 * period:
            self._index += movement / period
        else:
            self._index = (self._index * (period - 1) + movement) / period

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._changes, self._previous, (self._plus, self._minus, self._range), self._index, self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._changes, previous, sums, self._index, value = state
        self._plus, self._minus, self._range = sums
        self._previous = None if previous is None else tuple(previous)
        self.value = None if value is None else tuple(value)
