"""EMA: exponential moving average.

    k = 2 / (n + 1);  ema[t] = ema[t-1] + k * (x[t] - ema[t-1])

Seeded at the n-th bar by the simple average of the first n closes. Source: TA-Lib function EMA (ta_EMA.c), "classic"
compatibility and no unstable period.
"""

from collections.abc import Sequence
from math import fsum
from typing import Any, ClassVar

from services.signal.core.indicator import PERIOD, Parameter


class Ema:
    """Exponential mean of the closes, seeded by the mean of the first `period`."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("ema",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD,)

    __slots__ = ("_factor", "_period", "_seed", "value")

    def __init__(self, period: int) -> None:
        self._period = period
        self._factor = 2.0 / (period + 1)
        self._seed: list[float] = []
        self.value: float | None = None

    def update(self, close: float) -> float | None:
        """Take a close; return the mean, None before `period` closes."""
        value = self.value
        if value is not None:
            self.value = value = value + self._factor * (close - value)
            return value
        self._seed.append(close)
        if len(self._seed) == self._period:
            self.value = fsum(self._seed) / self._period
            self._seed = []
        return self.value

    def update_many(self, closes: Sequence[float]) -> list[float | None]:
        """Take closes; return what `update` answers for each."""
        seeding = 0 if self.value is not None else self._period - len(self._seed)
        begun = [self.update(close) for close in closes[:seeding]]
        value, factor = self.value, self._factor
        if value is None:
            return begun
        begun.extend([value := value + factor * (close - value) for close in closes[seeding:]])
        self.value = value
        return begun

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self.value, tuple(self._seed))

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self.value, seed = state
        self._seed = list(seed)
