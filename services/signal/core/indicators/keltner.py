"""Keltner channel.

    middle = ema(n);  upper, lower = middle +- k * atr(m)

First value where both are there, at bar max(n, m + 1). Source: C. Keltner's channel in the form of L. Bradford Raschke,
as charts show it (exponential mean of the closes, Wilder's average true range).
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import MAX_PERIOD, PERIOD, Parameter
from services.signal.core.indicators.atr import Atr
from services.signal.core.indicators.ema import Ema

Channel = tuple[float, float, float]


class Keltner:
    """(upper, middle, lower): the mean, and `multiplier` average ranges on either side."""

    INPUTS: ClassVar[tuple[str, ...]] = ("high", "low", "close")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("upper", "middle", "lower")
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (
        PERIOD._replace(default=20),
        Parameter("multiplier", 0, 100, 2, integer=False),
        Parameter("atr_period", 1, MAX_PERIOD, 10),
    )

    __slots__ = ("_mean", "_multiplier", "_range", "value")

    def __init__(self, period: int, multiplier: float, atr_period: int) -> None:
        self._mean = Ema(period)
        self._range = Atr(atr_period)
        self._multiplier = multiplier
        self.value: Channel | None = None

    def update(self, high: float, low: float, close: float) -> Channel | None:
        """Take a bar; return the channel, None while either part is not warm."""
        middle, span = self._mean.update(close), self._range.update(high, low, close)
        if middle is not None and span is not None:
            width = self._multiplier * span
            self.value = (middle + width, middle, middle - width)
        return self.value

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._mean.state(), self._range.state(), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        mean, span, value = state
        self._mean.restore(mean)
        self._range.restore(span)
        self.value = None if value is None else tuple(value)
