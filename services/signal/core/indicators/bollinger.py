"""Bollinger bands.

    middle = sma(n);  upper, lower = middle +- k * s,  s = sqrt(mean((x - middle)^2)) over the last n closes

The deviation is the population's (divided by n, not n - 1). First value at the n-th bar. Source: J. Bollinger,
"Bollinger on Bollinger Bands" (2001), and TA-Lib function BBANDS (ta_BBANDS.c) with a simple average.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, override

from services.signal.core.indicator import PERIOD, Parameter
from services.signal.core.rolling import RollingVariance

Bands = tuple[float, float, float]


class Bollinger(RollingVariance):
    """(upper, middle, lower) band of the closes."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("upper", "middle", "lower")
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (
        PERIOD._replace(default=20),
        Parameter("deviations", 0, 100, 2, integer=False),
    )

    __slots__ = ("_deviations", "value")

    def __init__(self, period: int, deviations: float) -> None:
        super().__init__(period)
        self._deviations = deviations
        self.value: Bands | None = None

    def update(self, close: float) -> Bands | None:
        """Take a close; return the bands, None before `period` closes."""
        if self.push(close):
            middle, width = self.mean, self._deviations * self.deviation
            self.value = (middle + width, middle, middle - width)
        return self.value

    def update_many(self, closes: Sequence[float]) -> list[Bands | None]:
        """Take closes; return what `update` answers for each."""
        return [self.update(close) for close in closes]

    @override
    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (*super().state(), self.value)

    @override
    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        super().restore(state[:-1])
        self.value = None if state[-1] is None else tuple(state[-1])
