"""Volatility: the standard deviation of the simple returns of the last n bars.

    r[t] = x[t] / x[t-1] - 1;  volatility = sqrt(sum((r - mean(r))^2) / n)

It divides by n, as `stddev` does. The first value comes at bar n + 1.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import PERIOD, Parameter
from services.signal.core.indicators.stddev import Stddev


class Volatility:
    """Deviation of returns, per bar, as a fraction."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("volatility",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD,)

    __slots__ = ("_deviation", "_previous")

    def __init__(self, period: int) -> None:
        self._deviation = Stddev(period)
        self._previous: float | None = None

    @property
    def value(self) -> float | None:
        """Return what the latest update answered."""
        return self._deviation.value

    def update(self, close: float) -> float | None:
        """Take a close; return the deviation, None before `period` + 1 closes. A step from 0 counts as no return."""
        previous, self._previous = self._previous, close
        if previous is None:
            return None
        return self._deviation.update(close / previous - 1.0 if previous else 0.0)

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._previous, self._deviation.state())

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._previous, deviation = state
        self._deviation.restore(deviation)
