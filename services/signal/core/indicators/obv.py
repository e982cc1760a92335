"""OBV: on-balance volume.

    obv[t] = obv[t-1] + sign(x[t] - x[t-1]) * volume[t];  obv[0] = volume[0]

Source: J. Granville, "Granville's New Key to Stock Market Profits" (1963), and TA-Lib function OBV (ta_OBV.c), whose
beginning it has.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import Parameter


class Obv:
    """Volume of rises less volume of falls since the first bar, base units."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close", "volume")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("obv",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = ()

    __slots__ = ("_previous", "value")

    def __init__(self) -> None:
        self._previous: float | None = None
        self.value: float | None = None

    def update(self, close: float, volume: float) -> float | None:
        """Take a bar; return the balance."""
        previous, value = self._previous, self.value
        self._previous = close
        if previous is None or value is None:
            self.value = volume
        elif close > previous:
            self.value = value + volume
        elif close < previous:
            self.value = value - volume
        return self.value

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._previous, self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._previous, self.value = state
