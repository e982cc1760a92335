"""Runners added, removed, throttled and reloaded by command; a run of changes, cut anywhere, goes on byte for byte."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import AnyMessage, IntentKind, OperatorCommand, OrderIntent, RunnerState, RunnerTransitioned
from services.signal.core.changes import (
    ADD,
    FLATTEN,
    KEEP,
    PAUSE,
    RELOAD,
    REMOVE,
    RESUME,
    STOP,
    THROTTLE,
    WHEN_FLAT,
    described,
    digest_of,
)
from services.signal.core.showing import history_of, line_of, show_runner
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.loading import load_source
from tests.unit.signal.support import bar, fill, intents, lua_core, quote, refused, runner_spec, trade

PULSE = """
strategy = {{ params = {{ hold = 2 }} }}
local calls = 0
function detect_opportunity(market_data, context, indicators)
  calls = calls + 1
  context.calls, context.average = calls, indicators.sma({period})
  return {{ signal = "{version}" }}
end
function filter_commitment(market_data, context, indicators)
  return {{ action = "enter_long", quantity = 1, reason = "{version}" }}
end
function manage_position(market_data, context, indicators)
  context.held = (context.held or 0) + 1
  if context.held % context.params.hold == 0 then return {{ action = "exit" }} end
end
"""
ID = "pulse:BTCUSDT"


def spec(version: str = "one", period: int = 3, name: str = "pulse", timeframe: str = "1m") -> RunnerSpec:
    source = PULSE.format(version=version, period=period).encode()
    return runner_spec(load_source(source, "strategies/pulse.lua", name=name), timeframe=timeframe)


ONE = spec()
TWO = spec("two", period=5)
OTHER = spec("other", name="other")


def command(name: str, number: int, **arguments: str) -> OperatorCommand:
    return OperatorCommand(
        id=f"command-{number}", service="signal", name=name, arguments=arguments, event_ns=1, received_ns=1
    )


def tell(core: SignalCore, name: str, **arguments: str) -> list[AnyMessage]:
    out = list(core.handle(command(name, 0, **arguments), 1))
    assert core.refusal == ""
    return out


def refusal(core: SignalCore, name: str, **arguments: str) -> str:
    before = core.snapshot()
    assert core.handle(command(name, 0, **arguments), 1) == ()
    counted = SignalCore.status(core)["changes_refused"]
    assert counted > 0
    assert core.refusal
    assert len(core.snapshot()) == len(before)
    return core.refusal


def bars(core: SignalCore, first: int, behind: int) -> list[AnyMessage]:
    return trade(core, [bar(number, close=100.0 + number % 7) for number in range(first, behind)])


def state(core: SignalCore, id_: str = ID) -> Any:
    return core.roster.runners[id_].machine.state


def test_an_added_runner_trades_and_knows_the_bars_that_were() -> None:
    core = lua_core(ONE)
    bars(core, 0, 10)
    tell(core, ADD, **described(OTHER))
    shown = show_runner(core.roster, "other:BTCUSDT")
    assert shown["indicators"]["sma(3)"] == pytest.approx((100.0 + 101.0 + 102.0) / 3)
    said = intents(bars(core, 10, 14))
    assert {intent.runner for intent in said} == {ID, "other:BTCUSDT"}
    assert core.required_bars() == [("BTCUSDT", "1m")]


def test_what_cannot_be_added_is_refused() -> None:
    core = lua_core(ONE)
    assert "there already" in refusal(core, ADD, **described(ONE))
    assert "SHA-256" in refusal(core, ADD, **described(OTHER) | {"source": "x = 1"})
    assert "spec" in refusal(core, ADD, **described(OTHER) | {"spec": "[]"})
    broken = described(OTHER) | {"source": "this is no Lua"}
    broken["sha256"] = digest_of(broken["source"].encode())
    assert "pulse.lua" in refusal(core, ADD, **broken)
    assert "timeframe" in refusal(core, ADD, **described(OTHER) | {"timeframe": ""})


def test_commands_name_a_runner_that_is_there() -> None:
    core = lua_core(ONE)
    for name in (PAUSE, RESUME, REMOVE, THROTTLE, RELOAD):
        assert "no runner" in refusal(core, name, runner="nobody:BTCUSDT")


def test_a_flat_runner_goes_at_once_and_its_numbers_go_on_when_it_comes_back() -> None:
    core = lua_core(ONE)
    said = intents(bars(core, 0, 8))
    while core.roster.runners[ID].desk.position.is_open:
        said += intents(bars(core, len(said) + 20, len(said) + 21))
    tell(core, REMOVE, runner=ID, how=WHEN_FLAT)
    assert core.required_bars() == []
    assert bars(core, 50, 55) == []
    tell(core, ADD, **described(ONE))
    later = intents(bars(core, 60, 62))
    numbers = [int(intent.id.rpartition("-")[2]) for intent in said + later]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_runner_with_a_position_stays_unless_told_how_to_go() -> None:
    core = lua_core(ONE)
    bars(core, 0, 1)
    assert state(core) is RunnerState.IN_POSITION
    assert "--flatten" in refusal(core, REMOVE, runner=ID)
    assert "expected" in refusal(core, REMOVE, runner=ID, how="somehow")


def test_flatten_closes_first_and_asks_nothing_more() -> None:
    core = lua_core(ONE)
    bars(core, 0, 1)
    (exit_,) = intents(tell(core, REMOVE, runner=ID, how=FLATTEN))
    assert exit_.kind is IntentKind.EXIT
    assert "being removed" in refusal(core, RESUME, runner=ID)
    assert core.handle(bar(1), bar(1).end_ns) == []
    (again,) = intents(core.handle(refused(exit_), 5))
    assert again.id != exit_.id
    core.handle(fill(again), 6)
    assert ID not in core.roster.runners


def test_flatten_gives_up_after_some_refusals_and_says_so() -> None:
    core = lua_core(ONE)
    bars(core, 0, 1)
    exits = intents(tell(core, REMOVE, runner=ID, how=FLATTEN))
    sent = 0
    while exits:
        sent += 1
        exits = intents(core.handle(refused(exits[0]), sent))
    assert sent == 5
    assert "refused" in line_of(core.roster, ID)["last_error"]


def test_a_position_that_was_kept_is_taken_over_with_the_fills_that_came_meanwhile() -> None:
    core = lua_core(ONE)
    (entry,) = intents(core.handle(bar(0), bar(0).end_ns))
    tell(core, REMOVE, runner=ID, how=KEEP)
    core.handle(fill(entry), 2)
    (moved,) = tell(core, ADD, **described(ONE))
    assert isinstance(moved, RunnerTransitioned)
    assert state(core) is RunnerState.IN_POSITION
    assert [each[3] for each in history_of(core.roster, ID)] == ["position_opened"]
    assert [intent.kind for intent in intents(bars(core, 1, 3))] == [IntentKind.EXIT]


def test_a_reload_keeps_position_context_and_what_the_file_remembers() -> None:
    core = lua_core(ONE)
    bars(core, 0, 7)
    before = show_runner(core.roster, ID)
    tell(core, RELOAD, runner=ID, **described(TWO))
    after = show_runner(core.roster, ID)
    same = ("state", "position", "context", "decisions", "evaluations", "bars")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert after["sha256"] != before["sha256"]
    assert after["indicators"]["sma(5)"] is not None
    said = intents(bars(core, 7, 14))
    assert {intent.reason for intent in said if intent.kind is IntentKind.ENTRY} == {"two"}


def test_a_reload_of_another_strategy_is_refused_and_of_a_paused_one_mends_it() -> None:
    core = lua_core(ONE)
    assert "expected a file of that strategy" in refusal(core, RELOAD, runner=ID, **described(OTHER))
    runner = core.roster.runners[ID]
    runner.asker.paused, runner.asker.errors_in_row = True, runner.asker.max_errors
    tell(core, RELOAD, runner=ID, **described(TWO))
    assert not core.roster.runners[ID].asker.paused
    tell(core, PAUSE, runner=ID)
    tell(core, RELOAD, runner=ID, **described(ONE))
    assert core.roster.runners[ID].asker.paused


def test_a_reload_to_another_timeframe_hears_other_bars() -> None:
    core = lua_core(ONE)
    bars(core, 0, 3)
    tell(core, RELOAD, runner=ID, **described(spec("slow", timeframe="5m")))
    assert core.required_bars() == [("BTCUSDT", "5m")]


def test_a_throttle_outlives_a_reload() -> None:
    core = lua_core(ONE)
    tell(core, THROTTLE, runner=ID, interval_ms="250")
    assert "interval_ms" in refusal(core, THROTTLE, runner=ID, interval_ms="-1")
    tell(core, RELOAD, runner=ID, **described(TWO))
    assert line_of(core.roster, ID)["tick_interval_ms"] == 250


STEPS = st.lists(
    st.sampled_from(
        ["bars", "bars", "quote", "add", "keep", "flatten", "when_flat", "one", "two", "throttle", "pause", "stop"]
    ),
    min_size=4,
    max_size=25,
)


def step(core: SignalCore, what: str, number: int) -> list[AnyMessage]:
    """Do a step of a run; intents are filled on the spot, but for every fourth, which is refused."""
    now_ns = (number + 1) * 60_000_000_000
    made: dict[str, tuple[str, dict[str, str]]] = {
        "add": (ADD, described(OTHER if number % 2 else ONE)),
        "keep": (REMOVE, {"runner": ID, "how": KEEP}),
        "flatten": (REMOVE, {"runner": ID, "how": FLATTEN}),
        "when_flat": (REMOVE, {"runner": "other:BTCUSDT"}),
        "one": (RELOAD, {"runner": ID, **described(ONE)}),
        "two": (RELOAD, {"runner": ID, **described(TWO)}),
        "throttle": (THROTTLE, {"runner": ID, "interval_ms": str(number)}),
        "stop": (STOP, {"runner": ID, "error": "it hung"}),
        "pause": (PAUSE if number % 2 else RESUME, {"runner": ID}),
    }
    if what == "bars":
        first: AnyMessage = bar(number, close=100.0 + number % 7)
    elif what == "quote":
        first = quote(now_ns)
    else:
        name, arguments = made[what]
        first = command(name, number, **arguments)
    queue, said = list(core.handle(first, now_ns)), list[AnyMessage]()
    while queue:
        message = queue.pop(0)
        said.append(message)
        if isinstance(message, OrderIntent):
            queue += core.handle(refused(message) if len(said) % 4 == 0 else fill(message), now_ns)
    return said


@settings(max_examples=25, deadline=None)
@given(STEPS, st.integers(0, 24))
def test_a_run_of_changes_that_is_cut_goes_on_the_same(steps: list[str], cut: int) -> None:
    whole, first = lua_core(ONE), lua_core(ONE)
    said = [step(whole, what, number) for number, what in enumerate(steps)]
    cut = min(cut, len(steps))
    for number, what in enumerate(steps[:cut]):
        assert step(first, what, number) == said[number]
    second = lua_core(ONE)
    second.restore(first.snapshot())
    assert second.snapshot() == first.snapshot()
    for number, what in enumerate(steps[cut:], cut):
        assert step(second, what, number) == said[number]
    assert second.snapshot() == whole.snapshot()
