"""The second opinion: asked off the hot path, sound after restarts, and silent when there is nobody to ask."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from services.signal.core.indicator import IndicatorKey
from services.signal.core.indicators import BUILT_IN, REGISTRY
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.hosts.ocaml import find_program
from services.signal.hosts.ocaml_queue import OcamlQueue
from services.signal.hosts.ocaml_track import Check, settling_bars
from services.signal.hosts.ocaml_verifier import QUESTIONS_PER_LOOK, Verifier
from tests.unit.signal.support import INSTRUMENTS, MINUTE_NS, ScriptedHost, bar, runner_spec, strategy

PROGRAM = find_program(Path(__file__).parents[3])
needs_program = pytest.mark.skipif(PROGRAM is None, reason="ocaml-indicators is not built: `make ocaml` builds it")
WINDOW = 60


def keys() -> tuple[IndicatorKey, ...]:
    made = []
    for name in sorted(BUILT_IN):
        values = [3 if each.default is None else min(each.default, 4) for each in REGISTRY[name].PARAMETERS]
        made.append(IndicatorKey(name, tuple(int(value) for value in values)))
    return tuple(made)


def core_of(
    wanted: tuple[IndicatorKey, ...], window: int = WINDOW, symbols: tuple[str, ...] = ("BTCUSDT",)
) -> SignalCore:
    spec = strategy(indicators=wanted)
    return SignalCore(
        [runner_spec(spec, symbol) for symbol in symbols],
        lambda _spec: ScriptedHost(),
        INSTRUMENTS,
        SignalLimits(window=window),
    )


def feed(core: SignalCore, first: int, behind: int) -> None:
    for number in range(first, behind):
        each = bar(number, 100.0 + (number * 7 % 13) + 0.1 * (number % 5))
        core.handle(each, each.end_ns)


class Watched:
    """A verifier with what it was told."""

    def __init__(self, core: SignalCore, program: OcamlQueue, every: int = 10) -> None:
        self.checks: list[Check] = []
        self.verifier = Verifier(core.roster, program, every, self.checks.append)

    def settle(self) -> list[Check]:
        """Look until there is nothing more to be told; return what was."""
        self.verifier.look()
        until = monotonic() + 20.0
        while not self.verifier.is_idle and monotonic() < until:
            self.verifier.look()
        assert self.verifier.is_idle
        told, self.checks[:] = list(self.checks), []
        return told


@pytest.fixture
def program() -> Iterator[OcamlQueue]:
    running = OcamlQueue([str(PROGRAM)], deadline_seconds=20.0)
    yield running
    running.close()


@needs_program
def test_every_indicator_is_compared_every_so_many_bars(program: OcamlQueue) -> None:
    core = core_of(keys())
    watched = Watched(core, program)
    try:
        for first in range(0, 200, 10):
            feed(core, first, first + 9)
            assert watched.settle() == []
            feed(core, first + 9, first + 10)
            assert {check.indicator: check.result for check in watched.settle()} == {
                key.title: "equal" for key in keys()
            }
        status = watched.verifier.status()
        assert (status["equal"], status["different"], status["settling"]) == (20 * len(keys()), 0, 0)
        assert status["largest"] < 1e-9
    finally:
        watched.verifier.close()


@needs_program
def test_indicators_of_other_bars_are_compared_over_those(program: OcamlQueue) -> None:
    core = core_of(
        (IndicatorKey("ema", (3,)), IndicatorKey("ema", (3,), "5m"), IndicatorKey("atr", (2,), "5m", "ETHUSDT"))
    )
    watched = Watched(core, program)
    length = 5 * MINUTE_NS
    try:
        for number in range(100):
            feed(core, number, number + 1)
            if number % 5 == 4:
                for symbol, rise in (("BTCUSDT", 1.0), ("ETHUSDT", 3.0)):
                    start_ns = (number // 5) * length
                    times = {"start_ns": start_ns, "end_ns": start_ns + length, "event_ns": start_ns + length}
                    each = bar(0, 50.0 + rise * (number % 7), symbol=symbol, timeframe="5m", **times)
                    core.handle(each, each.end_ns)
            watched.verifier.look()
        checks = watched.settle() + watched.checks
        assert {check.indicator for check in checks} == {"ema(3)", 'ema(3, "5m")', 'atr(2, "5m", "ETHUSDT")'}
        assert {check.result for check in checks} == {"equal"}
        assert {(check.symbol, check.indicator) for check in checks} >= {("ETHUSDT", 'atr(2, "5m", "ETHUSDT")')}
    finally:
        watched.verifier.close()


@needs_program
def test_a_restarted_service_is_compared_once_the_beginning_shows_no_more(program: OcamlQueue) -> None:
    before, after = core_of(keys()), core_of(keys())
    feed(before, 0, 500)
    after.restore(before.snapshot())
    watched = Watched(after, program)
    try:
        assert {check.result for check in watched.settle()} == {"equal"}, "windows and the changes of obv"
        assert watched.verifier.counters.settling > 0
        checks: list[Check] = []
        for first in range(500, 2_000, 50):
            feed(after, first, first + 50)
            checks = watched.settle()
        assert {check.indicator: check.result for check in checks} == {key.title: "equal" for key in keys()}
    finally:
        watched.verifier.close()


@needs_program
def test_a_value_that_is_wrong_is_told_with_all_that_is_known(program: OcamlQueue) -> None:
    key = IndicatorKey("ema", (3,))
    core = core_of((key,))
    watched = Watched(core, program)
    try:
        feed(core, 0, 20)
        assert [check.result for check in watched.settle()] == ["equal"]
        (runner,) = core.roster.runners.values()
        ((_, indicator),) = runner.asker.bank.shown()
        indicator.restore([float(indicator.value) + 0.001, []])  # type: ignore[arg-type]  # an EMA's value is a number
        feed(core, 20, 30)
        (check,) = watched.settle()
        assert (check.result, check.runner, check.symbol, check.indicator) == (
            "different",
            "demo:BTCUSDT",
            "BTCUSDT",
            "ema(3)",
        )
        assert check.bar_ns == bar(29).start_ns
        assert check.apart > 1e-9
        assert isinstance(check.live, float)
        assert isinstance(check.ocaml, float)
    finally:
        watched.verifier.close()


@needs_program
def test_a_death_between_two_questions_is_made_good(program: OcamlQueue) -> None:
    core = core_of(keys())
    watched = Watched(core, program)
    try:
        feed(core, 0, 70)
        watched.settle()
        assert program.pid is not None
        os.kill(program.pid, signal.SIGKILL)
        feed(core, 70, 80)
        results = [check.result for check in watched.settle()]
        assert results == ["unanswered"] * len(keys()), "one is asked, the others wait until the pause is over"
        watched.verifier._again_ns = 0
        feed(core, 80, 90)
        assert {check.result for check in watched.settle()} == {"equal"}
        assert (program.counters.deaths, program.counters.starts) == (1, 2)
    finally:
        watched.verifier.close()


def test_a_program_that_hangs_holds_nobody_up() -> None:
    asleep = OcamlQueue([sys.executable, "-c", "import time; time.sleep(60)"], deadline_seconds=2.0)
    core = core_of(keys())
    watched = Watched(core, asleep, every=1)
    try:
        for number in range(50):
            feed(core, number, number + 1)
            watched.verifier.look()
        assert core.roster.counters.bars == 50, "all bars were taken while the question was open"
        assert not watched.verifier.is_idle
        assert {check.result for check in watched.settle()} == {"unanswered"}
        assert asleep.counters.hangs == 1
    finally:
        watched.verifier.close()


def test_a_look_notes_a_bounded_number_of_indicators() -> None:
    core = core_of(keys(), symbols=("BTCUSDT", "ETHUSDT", "SOLUSDT"))
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        for number in range(10):
            core.handle(bar(number, symbol=symbol), 1)
    watched = Watched(core, OcamlQueue(["no-such-program-of-ours"]))
    try:
        watched.verifier.look()
        assert len(watched.verifier._waiting) == 3 * len(keys()) - QUESTIONS_PER_LOOK
        assert {check.result for check in watched.settle()} == {"unanswered"}
    finally:
        watched.verifier.close()


@needs_program
def test_what_is_not_there_any_more_is_forgotten(program: OcamlQueue) -> None:
    core = core_of(keys(), symbols=("BTCUSDT", "ETHUSDT"))
    watched = Watched(core, program)
    try:
        for symbol in ("BTCUSDT", "ETHUSDT"):
            for number in range(10):
                core.handle(bar(number, symbol=symbol), 1)
        watched.settle()
        core.roster.remove("demo:ETHUSDT")
        watched.verifier._forget()
        assert watched.verifier.status()["watched"] == len(keys())
    finally:
        watched.verifier.close()


@pytest.mark.parametrize(
    ("name", "parameters", "bars"),
    [("sma", (10,), 11), ("ema", (10,), 164), ("rsi", (14,), 406), ("obv", (), None), ("vwap", (0,), None)],
)
def test_how_long_a_beginning_shows(name: str, parameters: tuple[int, ...], bars: int | None) -> None:
    assert settling_bars(IndicatorKey(name, parameters)) == bars
