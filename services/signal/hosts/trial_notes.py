"""What a trial notes of itself for whoever watches it: where it is, whom it calls, which indicators it has found."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from services.signal.core.indicator import Indicator, IndicatorKey
from services.signal.core.plugins import PluginFailedError


def _nothing(_told: Any) -> None:
    """Tell nobody."""


class Notes:
    """Notes of a trial. enter: takes a place where the next call ends soon; enter_load: one where something is loaded.

    found: takes the indicators that a strategy was seen to use so far.
    """

    def __init__(
        self,
        enter: Callable[[str], None] = _nothing,
        enter_load: Callable[[str], None] = _nothing,
        found: Callable[[Sequence[IndicatorKey]], None] = _nothing,
    ) -> None:
        self._enter, self.load, self.found = enter, enter_load, found
        self._step = ""

    def step(self, text: str) -> None:
        """Note that the next step begins."""
        self._step = text
        self._enter(text)

    def call(self, text: str) -> None:
        """Note that foreign code is called within a step."""
        self._enter(f"{self._step}, {text}" if self._step else text)

    def leave(self) -> None:
        """Note that it has answered."""
        self._enter(self._step)


NOTES: ContextVar[Notes] = ContextVar("NOTES", default=Notes())  # noqa: B039 - the notes that tell nobody remember nothing
"""The notes of the trial that is under way."""


def noted(name: str, where: str, kind: type[Indicator], notes: Notes) -> type[Indicator]:
    """Return a plug-in's indicator that notes each call, and whose failures name it; where: the plug-in it comes from."""
    place = f"indicators.{name} of {where}"

    def called(method: Callable[..., Any], *arguments: Any) -> Any:
        notes.call(place)
        try:
            answer = method(*arguments)
        except (PluginFailedError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            raise PluginFailedError(f"{where}: {type(error).__name__}: {error}") from error
        notes.leave()
        return answer

    def begin(self: Any, *parameters: Any) -> None:
        called(kind.__init__, self, *parameters)

    def update(self: Any, *fields: Any) -> Any:
        return called(kind.update, self, *fields)

    return type(kind.__name__, (kind,), {"__doc__": kind.__doc__, "__slots__": (), "__init__": begin, "update": update})
