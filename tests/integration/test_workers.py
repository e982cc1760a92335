"""Worker processes that hang, stop and die for real: neighbours never notice, and a re-drive in one process agrees."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.config.models import Config
from common.messages import AnyMessage, OperatorCommand
from common.routes import SIGNAL
from services.signal.core.indicators import unregister
from services.signal.core.questions import Asked, Question
from services.signal.loading import build_runners
from services.signal.workers.guard import Guard, Loss
from services.signal.workers.sharded import ShardedCore
from services.signal.workers.starting import Spares, core_of, start_core
from tests.integration.harness import PROJECT, Stack, wait_until
from tests.unit.signal.support import bar, fill, intents

TRAP = """
class Indicator:
    INPUTS, OUTPUTS, PARAMETERS = ("symbol", "close"), ("trap",), ()

    def __init__(self):
        self.count, self.value = 0, None

    def update(self, symbol, close):
        self.count += symbol == "BBBUSDT"
        while self.count >= 30:
            pass
        self.value = float(self.count)
        return self.value

    def state(self):
        return (self.count,)

    def restore(self, state):
        (self.count,) = state
"""
PULSE = """
function detect_opportunity(market_data, context, indicators) return { signal = "always" } end
function filter_commitment(m, context, i) return { action = "enter_long", quantity = 0.1 } end
function manage_position(market_data, context, indicators)
  context.held = (context.held or 0) + 1
  if context.held % 2 == 0 then return { action = "exit" } end
end
"""
TRAPPED = "strategy = { evaluate_on = 'bar' }\nlocal function trap(indicators) return indicators.trap() end\n" + (
    PULSE.replace('return { signal = "always" }', 'return trap(indicators) and { signal = "always" }')
)
STACK = """
[data_source]
type = "simulated"

[data_source.simulated]
seed = 5
tick_rate = 100
initial_price = 100

[market_data]
symbols = ["AAAUSDT", "BBBUSDT"]

[signal]
update_interval_ms = 50
workers = 2
worker_timeout_ms = 300
indicators = ["trap.py"]

[risk]
max_position_size = 1000
max_open_positions = 10

[[strategies]]
name = "pulse"
script = "pulse.lua"

[[strategies]]
name = "trapped"
script = "trapped.lua"
symbols = ["BBBUSDT"]
"""
CULPRIT = "trapped:BBBUSDT"
NEIGHBOURS = ("pulse:AAAUSDT", "pulse:BBBUSDT")


def write_files(folder: Path) -> None:
    (folder / "trap.py").write_text(TRAP)
    (folder / "pulse.lua").write_text(PULSE)
    (folder / "trapped.lua").write_text(TRAPPED)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    write_files(tmp_path)
    yield tmp_path
    unregister("trap")


def config_of(folder: Path, workers: int, *names: str) -> Config:
    strategies: list[dict[str, Any]] = [
        {"name": "pulse", "script": str(folder / "pulse.lua")},
        {"name": "trapped", "script": str(folder / "trapped.lua"), "symbols": ["BBBUSDT"]},
    ]
    return Config.model_validate(
        {
            "market_data": {"symbols": ["AAAUSDT", "BBBUSDT"]},
            "signal": {
                "update_interval_ms": 60_000,
                "workers": workers,
                "worker_timeout_ms": 300,
                "indicators": [str(folder / "trap.py")],
                "indicator_verify_every": 0,
            },
            "strategies": [each for each in strategies if each["name"] in names],
        }
    )


class Running:
    """A core with its workers, and what happened to them."""

    def __init__(self, config: Config) -> None:
        self.losses: list[Loss] = []
        spares = Spares(config)
        self.core: ShardedCore = start_core(config, build_runners(config), spares, Guard(self.losses.append))
        self.core.go_live()
        self.journal: list[tuple[AnyMessage, int]] = []

    def pids(self) -> set[int]:
        return {line["worker_pid"] for line in self.core.ask(Question(Asked.LIST))}

    def trade(self, first: int, behind: int) -> list[AnyMessage]:
        """Feed bars of both symbols; fill what is asked for; return what was said."""
        said: list[AnyMessage] = []
        for number in range(first, behind):
            for symbol in ("AAAUSDT", "BBBUSDT"):
                queue: list[AnyMessage] = [bar(number, close=100.0 + number % 7, symbol=symbol)]
                while queue:
                    message = queue.pop(0)
                    out = self.core.handle(message, number)
                    self.journal += [(each, number) for each in (*self.core.take_interposed(), message)]
                    said += out
                    queue += [fill(intent) for intent in intents(out)]
        return said


def of_neighbours(said: list[AnyMessage]) -> list[AnyMessage]:
    return [message for message in said if getattr(message, "runner", "") in NEIGHBOURS]


def test_a_hang_that_no_quota_sees_stops_the_culprit_alone(folder: Path) -> None:
    running = Running(config_of(folder, 1, "pulse", "trapped"))
    alone = Running(config_of(folder, 1, "pulse"))
    try:
        said, expected = running.trade(0, 40), alone.trade(0, 40)
        snapshot = running.core.snapshot()
    finally:
        running.core.close()
        alone.core.close()
    assert of_neighbours(said) == expected
    assert [(loss.cause, loss.runner, loss.stopped) for loss in running.losses] == [("hung", CULPRIT, True)]
    (stop,) = [message for message, _ in running.journal if isinstance(message, OperatorCommand)]
    assert stop.arguments["runner"] == CULPRIT

    config = config_of(folder, 0, "pulse", "trapped")
    plain = core_of(config, build_runners(config))
    assert [each for message, at in running.journal for each in plain.handle(message, at)] == said
    assert plain.snapshot() == snapshot


def test_workers_that_are_killed_or_stopped_are_not_missed(folder: Path) -> None:
    running, alone = Running(config_of(folder, 2, "pulse")), Running(config_of(folder, 1, "pulse"))
    try:
        for first, number in ((0, signal.SIGKILL), (8, signal.SIGSTOP), (16, signal.SIGSEGV), (24, signal.SIGKILL)):
            assert running.trade(first, first + 8) == alone.trade(first, first + 8)
            os.kill(min(running.pids()), number)
        assert running.trade(32, 40) == alone.trade(32, 40)
        assert running.core.snapshot() == alone.core.snapshot()
        assert sorted(loss.cause for loss in running.losses) == ["failed", "killed", "killed", "stalled"]
        assert not any(loss.stopped for loss in running.losses)
        pids = running.pids()
    finally:
        running.core.close()
        alone.core.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_stack_survives_a_hang_and_kills(folder: Path) -> None:
    stack = Stack(STACK)
    write_files(stack.folder)
    try:
        stack.start()
        stack.wait_ready()
        wait_until(lambda: is_stopped(stack), "the culprit stopped")
        told = lines(stack)
        assert "did not answer in time" in told[CULPRIT]["last_error"]
        assert {told[id_]["paused"] for id_ in NEIGHBOURS} == {False}
        goes_on(stack)

        pid = told[NEIGHBOURS[0]]["worker_pid"]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: lines(stack)[NEIGHBOURS[0]]["worker_pid"] != pid, "another worker")
        goes_on(stack)

        pids = {line["worker_pid"] for line in lines(stack).values()}
        stack.kill(SIGNAL)
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "workers that end with their parent")
        stack.start(SIGNAL)
        stack.wait_ready(SIGNAL)
        assert is_stopped(stack)
        goes_on(stack)
        assert set(stack.stop_in_turn(SIGNAL).values()) == {0}
        assert stack.audit().problems == []
        for arguments in ("parity", "replay --at end"):
            command = [sys.executable, "-m", "orrery", *arguments.split(), "--session", str(stack.data_dir)]
            redone = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
            assert redone.returncode == 0, redone.stdout + redone.stderr
            assert "differ" not in redone.stdout, redone.stdout
    finally:
        stack.close()


def lines(stack: Stack) -> dict[str, dict[str, Any]]:
    answer = wait_until(lambda: stack.ask(SIGNAL, "runner.list"), "a list of the runners")
    return {line["id"]: line for line in answer["runners"]}


def is_stopped(stack: Stack) -> bool:
    return bool(lines(stack)[CULPRIT]["stopped"])


def goes_on(stack: Stack) -> None:
    """Wait until all neighbours have decided some more."""
    before = lines(stack)

    def later() -> bool:
        now = lines(stack)
        return all(now[id_]["evaluations"] >= before[id_]["evaluations"] + 4 for id_ in NEIGHBOURS)

    wait_until(later, "neighbours that trade on")
