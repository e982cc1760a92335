"""Looks over the shoulder of strategies that are driven again: what they were asked, with which figures, what they said."""

from collections import deque
from collections.abc import Sequence
from typing import Any, override

import msgspec

from common.core import Core
from common.messages import AnyMessage, OperatorCommand
from orrery.redrive.journals import Told
from services.signal.core.asker import MARKET_FIELDS
from services.signal.core.bank import IndicatorBank
from services.signal.core.host import (
    FUNCTION_NAMES,
    Function,
    MarketView,
    Outcome,
    PassingHost,
    StrategyHost,
)
from services.signal.core.indicators import REGISTRY, title_of
from services.signal.core.signal_core import SignalCore

ASKED_KEPT = 64
"""Questions remembered of each runner."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a strategy. input: number in the signal service's journal; cause: id of the market data it was about.

    answer: None for nil; error: why it failed, empty if it did not. indicators: by name as written in Lua, None while not
    warm; several outputs as a list.
    """

    input: int
    at_ns: int
    cause: str
    function: str
    market: MarketView
    indicators: dict[str, float | list[float | None] | None]
    answer: dict[str, Any] | None = None
    error: str = ""
    lines: list[str] = []


class Watch:
    """What the strategies of one signal core were asked. Hand `prepare` and `observe` to a `Rebuilder`."""

    def __init__(self) -> None:
        self.asked: dict[str, deque[Asked]] = {}
        self._fresh: list[tuple[str, _Question]] = []
        self._core: SignalCore | None = None

    def prepare(self, core: Core) -> None:
        """Put a watched host in the place of each runner's, where there is none yet."""
        assert isinstance(core, SignalCore)
        self._core = core
        for name, runner in core.roster.runners.items():
            asker = runner.asker
            if not isinstance(asker.host, _WatchedHost):
                asker.host = _WatchedHost(asker.host, asker.bank, name, self._fresh)

    def observe(self, told: Told, _answers: Sequence[AnyMessage]) -> None:
        """Note which input the questions were about that were asked since the last one."""
        if self._core is not None and isinstance(told.message, OperatorCommand):
            self.prepare(self._core)  # runners that were added or reloaded have hosts of their own
        self.note(told.number, told.recorded.now_ns, str(getattr(told.message, "id", "")))

    def note(self, number: int, at_ns: int, cause: str) -> None:
        """Note that the questions asked since the last time were about an input: its number, its time, its id."""
        for name, question in self._fresh:
            kept = self.asked.setdefault(name, deque(maxlen=ASKED_KEPT))
            kept.append(question.about(number, at_ns, cause))
        self._fresh.clear()


class _Question(msgspec.Struct):
    function: Function
    arguments: tuple[float | None, ...]
    names: list[tuple[str, int]]
    outcome: Outcome | None

    def about(self, number: int, at_ns: int, cause: str) -> Asked:
        outcome = self.outcome or Outcome()
        return Asked(
            input=number,
            at_ns=at_ns,
            cause=cause,
            function=FUNCTION_NAMES[self.function],
            market=MarketView(*self.arguments[:MARKET_FIELDS]),  # type: ignore[arg-type]  # the first five are numbers
            indicators=self._indicators(),
            answer=outcome.answer,
            error="" if outcome.error is None else outcome.error.text,
            lines=list(outcome.lines),
        )

    def _indicators(self) -> dict[str, float | list[float | None] | None]:
        found: dict[str, float | list[float | None] | None] = {}
        slot = MARKET_FIELDS
        for name, outputs in self.names:
            values = list(self.arguments[slot : slot + outputs])
            found[name] = values if outputs > 1 else values[0]
            slot += outputs
        return found


class _WatchedHost(PassingHost):
    """A host that passes everything on and notes questions with their answers."""

    def __init__(self, host: StrategyHost, bank: IndicatorBank, name: str, fresh: list[tuple[str, _Question]]) -> None:
        super().__init__(host)
        self._bank, self._name, self._fresh = bank, name, fresh

    @override
    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Outcome | None:
        given, names = tuple(arguments), self._names()
        outcome = super().evaluate(function, arguments)
        self._fresh.append((self._name, _Question(function, given, names, outcome)))
        return outcome

    def _names(self) -> list[tuple[str, int]]:
        return [(title_of(key), len(REGISTRY[key.name].OUTPUTS)) for key in self._bank.keys]
