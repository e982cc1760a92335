"""Donchian channel.

    upper[t] = max(high[t], ..., high[t-n+1]);  lower[t] = min(low[t], ..., low[t-n+1]);  middle = (upper + lower) / 2

The current bar is in it (`highest` and `lowest` leave it out). First value at the n-th bar. Source: R. Donchian's
"4-week rule"; TA-Lib functions MAX and MIN.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.extremes import Reach
from services.signal.core.indicator import PERIOD, Parameter

Channel = tuple[float, float, float]


class Donchian:
    """(upper, middle, lower): the range of the last `period` bars."""

    INPUTS: ClassVar[tuple[str, ...]] = ("high", "low")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("upper", "middle", "lower")
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD._replace(default=20),)

    __slots__ = ("_high", "_low", "value")

    def __init__(self, period: int) -> None:
        self._high, self._low = Reach(period, 1.0), Reach(period, -1.0)
        self.value: Channel | None = None

    def update(self, high: float, low: float) -> Channel | None:
        """Take a bar; return the channel, None before `period` bars."""
        upper, lower = self._high.update(high), self._low.update(low)
        if upper is not None and lower is not None:
            self.value = (upper, (upper + lower) / 2.0, lower)
        return self.value

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._high.state(), self._low.state(), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        high, low, value = state
        self._high.restore(high)
        self._low.restore(low)
        self.value = None if value is None else tuple(value)
