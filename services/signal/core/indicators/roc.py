"""ROC: rate of change, percent.

    roc[t] = 100 * (x[t] / x[t-n] - 1)

0 where the old close is 0. First value at bar n + 1. Source: TA-Lib function ROC (ta_ROC.c).
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import PERIOD, Parameter


class Roc:
    """By how much the close differs from that of `period` bars ago, percent."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("roc",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD._replace(default=10),)

    __slots__ = ("_closes", "_period", "value")

    def __init__(self, period: int) -> None:
        self._period = period
        self._closes: deque[float] = deque()
        self.value: float | None = None

    def update(self, close: float) -> float | None:
        """Take a close; return the change, None before `period` + 1 closes."""
        closes = self._closes
        closes.append(close)
        if len(closes) > self._period:
            old = closes.popleft()
            self.value = 100.0 * (close / old - 1.0) if old else 0.0
        return self.value

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (tuple(self._closes), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        closes, self.value = state
        self._closes = deque(closes)
