"""What stands in for a plug-in indicator that could not be loaded in bounds: it keeps states and fails when it is asked."""

from collections.abc import Sequence
from math import inf
from typing import Any, ClassVar, NoReturn

from services.signal.core.indicator import Indicator, Number, Parameter
from services.signal.core.plugins import PluginFailedError

PARAMETERS_MAX = 8
"""Parameters that are taken without being understood."""


class DeadIndicator:
    """A plug-in that was not loaded; subclasses say why."""

    WHY: ClassVar[str]
    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("value",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = tuple(
        Parameter(f"p{number + 1}", -inf, inf, 0.0, integer=False) for number in range(PARAMETERS_MAX)
    )

    __slots__ = ("_state", "value")

    def __init__(self, *_parameters: Number) -> None:
        self._state: Sequence[Any] = ()
        self.value: Any = None

    def update(self, _close: float) -> NoReturn:
        """Raise PluginFailedError."""
        raise PluginFailedError(self.WHY)

    def state(self) -> tuple[Any, ...]:
        """Return what the plug-in remembered."""
        return tuple(self._state)

    def restore(self, state: Sequence[Any]) -> None:
        """Keep what the plug-in remembered."""
        self._state = state


def dead_kind(why: str) -> type[Indicator]:
    """Return the indicator of a plug-in that could not be loaded, and why."""
    return type("DeadIndicator", (DeadIndicator,), {"__doc__": why, "__slots__": (), "WHY": why})
