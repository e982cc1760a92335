"""A runner that the watchdog stopped: nothing of it is called, its desk goes on, and it comes back with what it knew."""

from collections.abc import Sequence
from typing import Any, override

import pytest

from common.messages import OperatorCommand, RunnerFailed, RunnerState
from services.signal.core.changes import RELOAD, RESUME, STOP, described
from services.signal.core.host import AccountView, Function, HostFactory, PassingHost, PositionView
from services.signal.core.showing import line_of
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.loading import load_source
from tests.unit.signal.support import INSTRUMENTS, bar, fill, intents, runner_spec

SOURCE = """
function detect_opportunity(market_data, context, indicators)
  context.seen = (context.seen or 0) + 1
  return { signal = "VERSION", average = indicators.sma(3) }
end
function filter_commitment(m, context, i) return { action = "enter_long", quantity = 1 } end
function manage_position(m, context, i) context.held = (context.held or 0) + 1 end
"""
ID = "demo:BTCUSDT"


class Forbidden(PassingHost):
    """A host that must not be called any more once `is_closed`."""

    is_closed = False

    def _open(self) -> None:
        assert not self.is_closed, "called though its runner was stopped"

    @override
    def evaluate(self, function: Function, arguments: Sequence[float | None]) -> Any:
        self._open()
        return super().evaluate(function, arguments)

    @override
    def set_position(self, position: PositionView | None) -> None:
        self._open()
        super().set_position(position)

    @override
    def set_account(self, account: AccountView) -> None:
        self._open()
        super().set_account(account)

    @override
    def save(self) -> bytes:
        self._open()
        return super().save()

    @override
    def restore(self, saved: bytes) -> None:
        self._open()
        super().restore(saved)


def spec(version: str = "one") -> RunnerSpec:
    return runner_spec(load_source(SOURCE.replace("VERSION", version).encode(), "strategies/demo.lua", name="demo"))


def watched(made: list[Forbidden]) -> HostFactory:
    make = lua_factory(LuaLimits())

    def make_host(of: RunnerSpec) -> Forbidden:
        made.append(Forbidden(make(of)))
        return made[-1]

    return make_host


@pytest.fixture
def made() -> list[Forbidden]:
    return []


@pytest.fixture
def core(made: list[Forbidden]) -> SignalCore:
    return SignalCore([spec()], watched(made), INSTRUMENTS)


def command(name: str, **arguments: str) -> OperatorCommand:
    return OperatorCommand(
        id=f"{name}-1", service="signal", name=name, arguments={"runner": ID} | arguments, event_ns=1, received_ns=1
    )


def run(core: SignalCore, first: int, behind: int) -> None:
    for number in range(first, behind):
        for intent in intents(core.handle(bar(number, close=100.0 + number), 1)):
            core.handle(fill(intent), 1)


def stopped(core: SignalCore, made: list[Forbidden]) -> SignalCore:
    run(core, 0, 5)
    (told,) = core.handle(command(STOP, error="it hung"), 7)
    assert isinstance(told, RunnerFailed)
    assert (told.error, told.paused, told.cause) == ("it hung", True, "runner.stop-1")
    made[-1].is_closed = True
    return core


def test_nothing_of_it_is_called_and_its_position_goes_on(core: SignalCore, made: list[Forbidden]) -> None:
    (intent,) = intents(core.handle(bar(0), 1))
    core.handle(command(STOP, error="it hung"), 7)
    made[0].is_closed = True
    assert not core.handle(bar(1), 2)
    core.handle(fill(intent), 3)
    line = line_of(core.roster, ID)
    assert (line["quantity"], line["paused"], line["stopped"], line["last_error"]) == ("1.0", True, True, "it hung")
    assert line["bars"] == 2
    assert core.required_bars() == [("BTCUSDT", "1m")]


def test_saved_and_restored_it_stays_stopped(core: SignalCore, made: list[Forbidden]) -> None:
    saved = stopped(core, made).snapshot()
    again: list[Forbidden] = []
    other = SignalCore([spec()], watched(again), INSTRUMENTS)
    again[0].is_closed = True
    other.restore(saved)
    assert other.snapshot() == saved
    run(other, 5, 8)
    assert line_of(other.roster, ID)["stopped"]


@pytest.mark.parametrize("told", [command(RESUME), command(RELOAD, **described(spec("two")))], ids=["resume", "reload"])
def test_it_comes_back_with_what_it_knew(core: SignalCore, made: list[Forbidden], told: OperatorCommand) -> None:
    run(stopped(core, made), 5, 9)
    core.handle(told, 8)
    assert core.refusal == ""
    runner = core.roster.runners[ID]
    assert runner.machine.state is RunnerState.IN_POSITION
    assert runner.asker.arguments[9] == pytest.approx((106.0 + 107.0 + 108.0) / 3)
    run(core, 9, 10)
    line = line_of(core.roster, ID)
    assert (line["paused"], line["stopped"]) == (False, False)
    assert made[-1] is not made[0]
    assert b"held" in made[-1].save()
    assert runner.asker.evaluations > 5
