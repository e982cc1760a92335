"""The supervised run with real processes that are no real services: starts, refusals, crashes, ends."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import override

import pytest

from common.clock import monotonic_ns
from common.config.load import load_config
from common.routes import ALL_SERVICES
from orrery.alone import service_arguments
from orrery.errors import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from orrery.stack.run import STARTUP_TIMEOUT_NS, RunOptions, StackRun
from orrery.stack.view import Blind, Picture, View
from orrery.summary import Summary
from tests.integration.harness import Stack

FAKE = Path(__file__).with_name("fake_service.py")


@pytest.fixture
def folders() -> Iterator[Stack]:
    stack = Stack("strategies = []\n")
    yield stack
    stack.close()


type Run = Callable[..., tuple[int, Summary]]


@pytest.fixture
def run(folders: Stack, project_root: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a stack of fakes: a behaviour for some services, ready for the rest."""
    monkeypatch.setenv("PYTHONPATH", str(project_root))

    def start(options: RunOptions, view: View | None = None, **behaviours: str) -> tuple[int, Summary]:
        config = load_config(folders.config, folders.overrides).config
        arguments = service_arguments(folders.config, folders.overrides)
        commands = {
            name: [sys.executable, str(FAKE), name, behaviours.get(name, "ready"), *arguments] for name in ALL_SERVICES
        }
        return StackRun(config, commands, options).run(view or Blind())

    return start


def test_a_run_ends_after_its_duration_with_the_figures(run: Run) -> None:
    exit_code, summary = run(RunOptions(duration_s=0.2))
    assert exit_code == EXIT_OK
    assert {name: line.state for name, line in summary.services.items()} == dict.fromkeys(ALL_SERVICES, "ready")
    assert (summary.ticks, summary.bars) == (100, 10)
    assert summary.market["BTCUSDT"].gaps == 2
    assert summary.startup_s is not None
    assert summary.duration_s >= 0.2


def test_figures_of_journals_count_from_the_start_of_the_run(run: Run) -> None:
    _, summary = run(RunOptions(duration_s=0.0))
    assert (summary.intents, summary.orders, summary.refusals, summary.fills) == (0, 0, 0, 0)


def test_a_service_that_cannot_start_ends_the_run_with_its_reason(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    exit_code, summary = run(RunOptions(), risk_manager="refuses")
    assert exit_code == EXIT_USAGE
    assert "orrery: risk_manager: tcp://127.0.0.1:5555 is in use" in capfd.readouterr().err
    assert summary.services["risk_manager"].restarts == 0


class KillingView(Blind):
    """Kills a service once all are ready, and ends the run by a signal when it is ready again."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._killed: int | None = None
        self.events: list[str] = []

    @override
    def show(self, picture: Picture) -> None:
        lines = picture.summary.services
        self.events = list(picture.events)
        if {line.state for line in lines.values()} != {"ready"}:
            return
        pid = lines[self._service].pid
        assert pid is not None
        if self._killed is None:
            self._killed = pid
            os.kill(pid, signal.SIGKILL)
        elif pid != self._killed:
            os.kill(os.getpid(), signal.SIGINT)


def test_a_service_that_crashes_is_started_again(run: Run) -> None:
    view = KillingView("execution")
    exit_code, summary = run(RunOptions(duration_s=50.0), view)
    assert exit_code == EXIT_OK
    assert {name: line.restarts for name, line in summary.services.items()} == {
        "market_data": 0, "signal": 0, "risk_manager": 0, "execution": 1, "event_store": 0, "alerts": 0,
    }  # fmt: skip
    assert summary.duration_s < 50.0
    assert view.events[0].startswith("execution ended (killed by SIGKILL)")


class ImpatientView(Blind):
    """Lets the time for the start pass at once, when a service has said what it waits for. later_ns: added to the clock."""

    def __init__(self, detail: str) -> None:
        self._detail, self.later_ns = detail, 0

    @override
    def show(self, picture: Picture) -> None:
        if any(line.detail == self._detail for line in picture.summary.services.values()):
            self.later_ns = STARTUP_TIMEOUT_NS

    def now_ns(self) -> int:
        return monotonic_ns() + self.later_ns


def test_a_stack_that_never_gets_ready_says_what_it_lacks(
    run: Run, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    view = ImpatientView("waiting for the moon")
    monkeypatch.setattr("orrery.stack.stack.monotonic_ns", view.now_ns)
    exit_code, _ = run(RunOptions(), view, signal="starting")
    assert exit_code == EXIT_FAILED
    told = capfd.readouterr().err
    assert "signal is not ready" in told
    assert "waiting for the moon" in told


def test_a_run_ends_when_the_recording_is_played(run: Run) -> None:
    exit_code, summary = run(RunOptions(until_finished=True), market_data="finished")
    assert exit_code == EXIT_OK
    assert summary.ticks == 100
