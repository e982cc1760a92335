"""What people may ask of runners, wherever those live; answers are plain data, and nothing changes by being asked."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from services.signal.core.changes import described
from services.signal.core.copying import copy_of
from services.signal.core.describe import counts_of, describe_runner
from services.signal.core.remembering import remembered
from services.signal.core.roster import Roster
from services.signal.core.showing import BARS_SHOWN, history_of, line_of, show_runner
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec


class Asked(StrEnum):
    """What there is to be asked: of all runners, or of the one that is named."""

    COUNTS = "counts"
    STATUS = "status"
    LIST = "list"
    LINE = "line"
    SHOW = "show"
    HISTORY = "history"
    COPY = "copy"


class Question(msgspec.Struct, frozen=True, array_like=True):
    """runner: its id where one is meant. bars: how many of the latest to show."""

    asked: Asked
    runner: str = ""
    bars: int = BARS_SHOWN


class Runners(Protocol):
    """All runners of a service, as whoever tells and asks them sees them."""

    @property
    def refusal(self) -> str:
        """Return why the latest operator command was not obeyed; empty if it was."""
        ...

    def specs(self) -> Mapping[str, RunnerSpec]:
        """Return the runners there are, in their order, by their ids."""
        ...

    def is_retired(self, id_: str) -> bool:
        """Return whether a runner was there and has gone."""
        ...

    def required_bars(self) -> list[tuple[str, str]]:
        """Return the (symbol, timeframe) pairs whose bars the runners need, sorted."""
        ...

    def ask(self, question: Question) -> Any:
        """Return the answer to a question about runners that are there."""
        ...


class OwnRunners:
    """The runners of a core in this process."""

    def __init__(self, core: SignalCore) -> None:
        self._core = core
        self.required_bars = core.required_bars

    @property
    def refusal(self) -> str:
        """Return why the latest operator command was not obeyed; empty if it was."""
        return self._core.refusal

    def specs(self) -> Mapping[str, RunnerSpec]:
        """Return the runners there are."""
        return {id_: runner.spec for id_, runner in self._core.roster.runners.items()}

    def is_retired(self, id_: str) -> bool:
        """Return whether a runner was there and has gone."""
        return id_ in self._core.roster.retired

    def ask(self, question: Question) -> Any:
        """Return the answer to a question."""
        return answer_to(self._core.roster, question)


def answer_to(roster: Roster, question: Question) -> Any:
    """Return the answer to a question about the runners of a roster."""
    return _ANSWERS[question.asked](roster, question)


def _show(roster: Roster, question: Question) -> dict[str, Any]:
    shown = show_runner(roster, question.runner, question.bars)
    return {**shown, "remembers": remembered(roster.runners[question.runner].asker.host.save())}


def _copy(roster: Roster, question: Question) -> dict[str, Any]:
    spec = roster.runners[question.runner].spec
    return {**described(spec), "currency": spec.currency, "state": copy_of(roster, question.runner)}


_ANSWERS: dict[Asked, Callable[[Roster, Question], Any]] = {
    Asked.COUNTS: lambda roster, _question: counts_of(roster),
    Asked.STATUS: lambda roster, _question: [describe_runner(runner) for runner in roster.runners.values()],
    Asked.LIST: lambda roster, _question: [line_of(roster, id_) for id_ in roster.runners],
    Asked.LINE: lambda roster, question: line_of(roster, question.runner),
    Asked.SHOW: _show,
    Asked.HISTORY: lambda roster, question: history_of(roster, question.runner),
    Asked.COPY: _copy,
}
