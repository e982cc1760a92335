"""`orrery runner` against a running stack: what it says of runners, and runners that come, change and go."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from common.routes import SIGNAL
from orrery.errors import EXIT_FAILED
from tests.integration.harness import PROJECT, Stack, wait_until
from tests.integration.test_runner_changes import CONFIG, PULSE, RUNNER, shown

BESIDE = "beside:BBBUSDT"


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(CONFIG)
    (running.folder / "pulse.lua").write_text(PULSE)
    running.start()
    running.wait_ready()
    yield running
    running.close()


def typed(stack: Stack, *arguments: str) -> tuple[int, str]:
    """Return exit code and output of `orrery runner` with these arguments."""
    settings = [part for override in stack.overrides for part in ("--set", override)]
    command = [sys.executable, "-m", "orrery", "runner", *arguments, "--config", str(stack.config), *settings]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=200, check=False)
    return done.returncode, done.stdout + done.stderr


def told(stack: Stack, *arguments: str) -> dict[str, Any]:
    """Return what a command prints as JSON; it must succeed."""
    code, text = typed(stack, *arguments, "--json")
    assert code == 0, text
    found: dict[str, Any] = json.loads(text)
    return found


def ids(stack: Stack) -> list[str]:
    answer = wait_until(lambda: stack.ask(SIGNAL, "runner.list"), "a list")
    return [each["id"] for each in answer["runners"]]


def test_runners_come_are_looked_into_and_go(stack: Stack) -> None:
    wait_until(lambda: stack.audit().fills >= 2, "two fills")
    file = str(stack.folder / "pulse.lua")
    code, text = typed(stack, "add", file, "--symbol", "BBBUSDT", "--name", "beside", "--param", "hold=3")
    assert (code, text) == (0, f"{BESIDE}: added, timeframe 50ms\n")
    wait_until(lambda: shown(stack, BESIDE)["decisions"] >= 2, "decisions of the new one")
    looked = told(stack, "show", BESIDE)
    assert looked["params"] == {"hold": 3}
    assert looked["recent_bars"]
    assert told(stack, "history", BESIDE)["history"]

    stack.kill(SIGNAL)
    stack.start(SIGNAL)
    stack.wait_ready(SIGNAL)
    assert ids(stack) == [RUNNER, BESIDE]
    assert told(stack, "throttle", BESIDE, "250")["tick_interval_ms"] == 250
    assert told(stack, "pause", RUNNER)["paused"]
    assert not told(stack, "resume", RUNNER)["paused"]
    typed(stack, "remove", BESIDE, "--flatten")
    wait_until(lambda: ids(stack) == [RUNNER], "the added one gone")

    code, text = typed(stack, "show", BESIDE)
    assert (code, text.strip()) == (EXIT_FAILED, f"orrery: signal: no runner '{BESIDE}'; there are: {RUNNER}")
    code, text = typed(stack, "add", file, "--symbol", "CCCUSDT", "--name", "beside")
    assert code == EXIT_FAILED
    assert "market_data.symbols (AAAUSDT, BBBUSDT), found CCCUSDT" in text


def test_a_file_that_was_added_is_watched_from_where_it_lies(stack: Stack) -> None:
    path = stack.folder / "beside.lua"
    path.write_text(PULSE)
    assert typed(stack, "add", str(path), "--symbol", "BBBUSDT", "--name", "beside")[0] == 0
    settings = [part for override in stack.overrides for part in ("--set", override)]
    command = [
        sys.executable,
        "-m",
        "orrery",
        "runner",
        "reload",
        BESIDE,
        str(path),
        "--watch",
        "--config",
        str(stack.config),
    ]
    watching = subprocess.Popen(
        [*command, *settings], cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert watching.stdout is not None
    assert watching.stderr is not None
    try:
        assert watching.stdout.readline().startswith(f"{BESIDE}: reloaded, ")
        before = told(stack, "show", BESIDE)["sha256"]
        path.write_text("function broken(\n")
        assert "the version before stays" in watching.stderr.readline()
        assert told(stack, "show", BESIDE)["sha256"] == before
        path.write_text(PULSE.replace("VERSION", "next"))
        assert watching.stdout.readline().startswith(f"{BESIDE}: reloaded, ")
        assert told(stack, "show", BESIDE)["sha256"] != before
    finally:
        watching.send_signal(signal.SIGINT)
        code = watching.wait(60)
        watching.stdout.close()
        watching.stderr.close()
    assert code == 0
    assert len(told(stack, "show", BESIDE, "--bars", "3")["recent_bars"]) == 3
