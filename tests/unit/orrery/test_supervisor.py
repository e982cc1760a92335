"""Processes under supervision, with real children that are small scripts."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from common.clock import monotonic_ns
from common.runner import EventLoop
from orrery.stack.process import ProcessState, describe_exit
from orrery.stack.supervisor import Supervisor

READY_THEN_SLEEP = "import time; print('ready', flush=True); time.sleep(60)"
PATIENCE_NS = 60_000_000_000


class Stand:
    """A loop with a supervisor and what its children wrote."""

    def __init__(self, scripts: dict[str, str]) -> None:
        self.loop = EventLoop()
        self.lines: list[tuple[str, str]] = []
        commands = {name: [sys.executable, "-I", "-S", "-c", script] for name, script in scripts.items()}
        self.supervisor = Supervisor(self.loop, commands, lambda service, text: self.lines.append((service, text)))

    def turn_until(self, condition: Callable[[], bool]) -> None:
        give_up_ns = monotonic_ns() + PATIENCE_NS
        while not condition():
            assert monotonic_ns() < give_up_ns, (self.lines, list(self.supervisor.events))
            self.loop.turn(20)


@pytest.fixture
def stand() -> Iterator[Callable[..., Stand]]:
    made: list[Stand] = []

    def make(**scripts: str) -> Stand:
        made.append(Stand(scripts))
        return made[-1]

    yield make
    for each in made:
        each.supervisor.kill()
        each.supervisor.stop(list(each.supervisor.processes))
        each.loop.close()


type MakeStand = Callable[..., Stand]


def test_a_killed_child_is_started_again_and_counted(stand: MakeStand) -> None:
    at = stand(one=READY_THEN_SLEEP, two=READY_THEN_SLEEP)
    at.supervisor.start()
    at.turn_until(lambda: len(at.lines) == 2)
    one, two = at.supervisor.processes["one"], at.supervisor.processes["two"]
    first_pid, other_pid = one.pid, two.pid
    assert first_pid is not None
    os.kill(first_pid, signal.SIGKILL)
    at.turn_until(lambda: one.restarts == 1 and one.pid is not None)
    assert one.pid != first_pid
    assert two.pid == other_pid
    assert one.last_exit == -signal.SIGKILL
    assert list(at.supervisor.events) == ["one ended (killed by SIGKILL): ready", "one started again, restart 1"]


def test_exit_code_2_at_the_first_start_is_told_apart_from_a_crash(stand: MakeStand) -> None:
    at = stand(
        wrong="import sys; print('port in use'); sys.exit(2)",
        crash="import sys; sys.exit(1)",
    )
    at.supervisor.start()
    processes = at.supervisor.processes
    at.turn_until(lambda: bool(at.supervisor.cannot_start()) and processes["crash"].last_exit is not None)
    assert [process.name for process in at.supervisor.cannot_start()] == ["wrong"]
    assert processes["wrong"].state is ProcessState.FAILED
    assert list(processes["wrong"].tail) == ["port in use"]


def test_a_child_gets_time_to_end_gracefully(stand: MakeStand) -> None:
    script = """
import os, signal, time
def end(*_):
    os.write(1, b"goodbye"); os._exit(0)
signal.signal(signal.SIGTERM, end); os.write(1, b"ready\\n"); time.sleep(60)
"""
    at = stand(one=script)
    at.supervisor.start()
    at.turn_until(lambda: ("one", "ready") in at.lines)
    at.supervisor.stop(["one"])
    assert ("one", "goodbye") in at.lines
    assert at.supervisor.processes["one"].last_exit == 0
    assert at.supervisor.processes["one"].state is ProcessState.STOPPED
    assert at.supervisor.processes["one"].restarts == 0


def test_a_child_that_ignores_sigterm_is_killed(stand: MakeStand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orrery.stack.supervisor.STOP_TIMEOUT_NS", 100_000_000)
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    at = stand(one=script)
    at.supervisor.start()
    at.turn_until(lambda: ("one", "ready") in at.lines)
    at.supervisor.stop(["one"])
    at.turn_until(lambda: at.supervisor.processes["one"].pid is None)
    assert at.supervisor.processes["one"].last_exit == -signal.SIGKILL


def test_a_last_line_without_its_end_is_not_lost(stand: MakeStand) -> None:
    at = stand(one="import sys; sys.stderr.write('no newline'); sys.exit(2)")
    at.supervisor.start()
    at.turn_until(lambda: bool(at.supervisor.cannot_start()))
    assert at.lines == [("one", "no newline")]


SUPERVISOR = """
import sys, time
from common.runner import EventLoop
from orrery.stack.supervisor import Supervisor
loop = EventLoop()
child = [sys.executable, "-I", "-S", "-c", "import time; print('ready', flush=True); time.sleep(60)"]
supervisor = Supervisor(loop, {"one": child}, lambda *_: print(supervisor.processes["one"].pid, flush=True))
supervisor.start()
while True:
    loop.turn(100)
"""


def test_children_die_with_a_killed_supervisor(project_root: Path) -> None:
    import subprocess

    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR], stdout=subprocess.PIPE, cwd=project_root)
    assert supervisor.stdout is not None
    with supervisor.stdout:
        child = int(supervisor.stdout.readline())
    # The descriptor tells of the end of a process that is not our child.
    watched = os.pidfd_open(child)
    try:
        supervisor.kill()
        supervisor.wait()
        assert _has_ended(watched, seconds=20.0)
    finally:
        os.close(watched)


def _has_ended(pidfd: int, seconds: float) -> bool:
    import select

    return bool(select.select([pidfd], [], [], seconds)[0])


@pytest.mark.parametrize(
    ("code", "words"), [(None, "running"), (1, "exit code 1"), (-9, "killed by SIGKILL"), (-99, "killed by signal 99")]
)
def test_an_exit_is_told_in_words(code: int | None, words: str) -> None:
    assert describe_exit(code) == words
