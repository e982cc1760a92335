"""Plug-ins that hang, die or want too much when files are tried: the service starts and trades on, and says what it was."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.routes import SIGNAL
from orrery.chaos.market import FAST_MARKET
from tests.integration.harness import PROJECT, Stack, wait_until
from tests.unit.signal.trying import plugins

CONFIG = f"""{FAST_MARKET}
[[strategies]]
name = "good"
script = "good.lua"
symbols = ["AAAUSDT"]

[[strategies]]
name = "user"
script = "user.lua"
symbols = ["AAAUSDT"]
"""
SECTION = '[signal]\nworker_timeout_ms = 500\nindicators = ["bad.py"]\n'
GOOD, USER = "good:AAAUSDT", "user:AAAUSDT"


@pytest.fixture
def stack() -> Iterator[Stack]:
    assert "[signal]\n" in CONFIG
    running = Stack(CONFIG.replace("[signal]\n", SECTION))
    plugins.put(running.folder, plugins.PLAIN, "good.lua")
    plugins.put(running.folder, plugins.user_of(), "user.lua")
    yield running
    running.close()


def begin(stack: Stack, plugin: str, *names: str) -> None:
    """Start services with a plug-in of this content."""
    plugins.put(stack.folder, plugin)
    stack.start(*names)
    stack.wait_ready(*names)


def listed(stack: Stack) -> dict[str, Any]:
    answer: dict[str, Any] = wait_until(lambda: stack.ask(SIGNAL, "runner.list"), "a list of the runners")
    return answer


def runners(stack: Stack) -> dict[str, dict[str, Any]]:
    return {line["id"]: line for line in listed(stack)["runners"]}


def goes_on(stack: Stack, runner: str) -> None:
    before = runners(stack)[runner]["evaluations"]
    wait_until(lambda: runners(stack)[runner]["evaluations"] >= before + 4, f"{runner} that trades on")


def orrery(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orrery", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)


def redone(stack: Stack) -> None:
    """End the stack; its session, redone in one process, comes to the same."""
    assert set(stack.stop_in_turn(SIGNAL).values()) == {0}
    assert stack.audit().problems == []
    told = orrery("parity", "--session", str(stack.data_dir))
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_start_leaves_out_what_hangs_and_takes_it_in_once_it_is_good(stack: Stack) -> None:
    begin(stack, plugins.SPIN)
    found = listed(stack)
    assert [line["id"] for line in found["runners"]] == [GOOD]
    assert found["files"]["left_out"] == ["user"]
    wait_until(lambda: "user (left out)" in stack.ask(SIGNAL)["detail"], "health that tells of it")
    for part in ("user.lua: strategy user", "bar 31, indicators.bad of bad.py", "within 0.5 s, found none"):
        assert part in found["files"]["failures"]["user"]
    goes_on(stack, GOOD)

    stack.kill(SIGNAL)
    begin(stack, plugins.GOOD, SIGNAL)
    wait_until(lambda: USER in runners(stack), "the runner that was left out")
    goes_on(stack, USER)
    assert listed(stack)["files"]["failures"] == {}
    stack.kill(SIGNAL)
    begin(stack, plugins.GOOD, SIGNAL)
    goes_on(stack, USER)
    redone(stack)


@pytest.mark.parametrize("plugin", [plugins.SPIN, plugins.LOADING_EXIT], ids=["tried", "loaded"])
def test_one_that_the_session_had_is_stopped_and_the_rest_restored(stack: Stack, plugin: str) -> None:
    begin(stack, plugins.GOOD)
    goes_on(stack, USER)
    assert stack.stop(SIGNAL)[SIGNAL] == 0
    before = stack.audit().fills
    begin(stack, plugin, SIGNAL)
    line = runners(stack)[USER]
    assert line["stopped"]
    assert "bad.py" in line["last_error"]
    assert "found" in line["last_error"]
    wait_until(lambda: "user (stopped)" in stack.ask(SIGNAL)["detail"], "health that tells of it")
    goes_on(stack, GOOD)
    wait_until(lambda: stack.audit().fills >= before + 4, "trading goes on")
    stack.kill(SIGNAL)
    begin(stack, plugins.GOOD, SIGNAL)
    assert runners(stack)[USER]["stopped"]
    assert stack.ask(SIGNAL, "runner.resume", {"runner": USER}) is not None
    goes_on(stack, USER)
    redone(stack)


def test_an_edit_brings_it_in_another_is_refused_and_so_is_an_addition(stack: Stack) -> None:
    begin(stack, plugins.EXIT)
    assert "found its process ended by exit code 3" in listed(stack)["files"]["failures"]["user"]
    plugins.put(stack.folder, plugins.PLAIN, "user.lua")
    wait_until(lambda: USER in runners(stack), "the runner that was left out")
    goes_on(stack, USER)

    plugins.put(stack.folder, plugins.SPIN)
    plugins.put(stack.folder, plugins.user_of(), "user.lua")
    wait_until(lambda: listed(stack)["files"]["failures"], "the refusal")
    assert "bar 31, indicators.bad of bad.py: expected" in listed(stack)["files"]["failures"]["user"]
    goes_on(stack, USER)

    user = str(stack.folder / "user.lua")
    more = [each for override in stack.overrides for each in ("--set", override)]
    added = orrery("runner", "add", user, "--symbol", "AAAUSDT", "--name", "new", "--config", str(stack.config), *more)
    assert added.returncode == 1
    assert "strategy new: tried on made-up bars: bar 31, indicators.bad of bad.py: expected" in added.stderr
    assert "new:AAAUSDT" not in runners(stack)
    redone(stack)


def test_validate_says_what_plug_ins_did(tmp_path: Path) -> None:
    texts = {"spin": plugins.SPIN, "leave": plugins.EXIT, "hoard": plugins.BALLOON}
    given = [("--indicator", str(plugins.put(tmp_path, text, f"{name}.py"))) for name, text in texts.items()]
    users = [str(plugins.put(tmp_path, plugins.user_of(name), f"{name}.lua")) for name in texts]
    plain = str(plugins.put(tmp_path, plugins.PLAIN, "plain.lua"))
    told = orrery("validate", *users, plain, *(word for pair in given for word in pair))
    assert told.returncode == 1, told.stderr
    found = {"spin": "within 2 s, found none", "leave": "by exit code 3", "hoard": "1024 MiB of memory, found more"}
    for name, text in found.items():
        assert f"indicators.{name} of {name}.py: expected" in told.stdout
        assert text in told.stdout
    assert "plain.lua: ok" in told.stdout


def test_a_service_without_workers_says_that_nothing_watches(stack: Stack) -> None:
    stack.overrides.append("signal.workers=0")
    begin(stack, plugins.SPIN)
    assert listed(stack)["files"]["left_out"] == ["user"]
    assert "signal.workers = 0: no watchdog" in stack.logs()
    goes_on(stack, GOOD)


def test_a_first_start_that_leaves_nothing_is_none(stack: Stack) -> None:
    plugins.put(stack.folder, plugins.user_of(), "good.lua")
    plugins.put(stack.folder, plugins.CRASH)
    stack.start(SIGNAL)
    assert stack.processes[SIGNAL].wait(30) != 0
    log = (stack.folder / "signal.log").read_text()
    assert "good.lua: strategy good: tried on made-up bars: " in log
    assert "ended by signal SIGSEGV" in log
