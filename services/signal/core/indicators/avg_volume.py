"""Average volume of the n bars before the current one.

    avg_volume[t] = (volume[t-1] + ... + volume[t-n]) / n

The current bar is left out, so that `volume > avg_volume(20)` compares it with the past. First value at bar n + 1.
Source: the simple average, delayed by one bar.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import PERIOD, Parameter
from services.signal.core.rolling import RollingMean


class AvgVolume:
    """Mean volume of the `period` bars before this one, base units."""

    INPUTS: ClassVar[tuple[str, ...]] = ("volume",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("avg_volume",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD,)

    __slots__ = ("_mean", "value")

    def __init__(self, period: int) -> None:
        self._mean = RollingMean(period)
        self.value: float | None = None

    def update(self, volume: float) -> float | None:
        """Take a volume; return the mean of those before it, None for the first `period` bars."""
        self.value = self._mean.value
        self._mean.update(volume)
        return self.value

    def update_many(self, volumes: Sequence[float]) -> list[float | None]:
        """Take volumes; return what `update` answers for each."""
        means = [self._mean.value, *self._mean.update_many(volumes)]
        if volumes:
            self.value = means[-2]
        return means[:-1]

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._mean.state(), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        mean, self.value = state
        self._mean.restore(mean)
