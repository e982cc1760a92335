"""Standard deviation of the last n closes.

    s = sqrt(mean((x - mean(x))^2))

The population's (divided by n). First value at the n-th bar. Source: TA-Lib function STDDEV (ta_STDDEV.c) with one
deviation.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, override

from services.signal.core.indicator import PERIOD, Parameter
from services.signal.core.rolling import RollingVariance


class Stddev(RollingVariance):
    """Population standard deviation of the last `period` closes."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("stddev",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD,)

    __slots__ = ("value",)

    def __init__(self, period: int) -> None:
        super().__init__(period)
        self.value: float | None = None

    def update(self, close: float) -> float | None:
        """Take a close; return the deviation, None before `period` closes."""
        if self.push(close):
            self.value = self.deviation
        return self.value

    def update_many(self, closes: Sequence[float]) -> list[float | None]:
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
        self.value = state[-1]
