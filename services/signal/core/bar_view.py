"""The latest closed bar itself, shown the way indicators are: `indicators.bar("1h")`."""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import Parameter

NS_PER_SECOND = 1e9

Shown = tuple[float, float, float, float, float, float]


class BarView:
    """Prices, volume and end of the latest bar."""

    INPUTS: ClassVar[tuple[str, ...]] = ("open", "high", "low", "close", "volume", "end_ns")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("open", "high", "low", "close", "volume", "timestamp")
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = ()

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: Shown | None = None

    def update(self, open_: float, high: float, low: float, close: float, volume: float, end_ns: int) -> Shown:
        """Take a bar; return it with its end in seconds since 1970 UTC."""
        self.value = value = (open_, high, low, close, volume, end_ns / NS_PER_SECOND)
        return value

    def state(self) -> tuple[Any, ...]:
        """Return the latest bar."""
        return (self.value,)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        (value,) = state
        self.value = None if value is None else tuple(value)
