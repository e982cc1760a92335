"""Strategy files edited and runners changed under a running stack: trading goes on, and a crash changes nothing."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from common.routes import SIGNAL
from orrery.chaos.market import FAST_MARKET
from tests.integration.harness import PROJECT, Stack, wait_until

CONFIG = f"""{FAST_MARKET}
[[strategies]]
name = "pulse"
script = "pulse.lua"
symbols = ["AAAUSDT"]
"""

PULSE = """
strategy = { name = "pulse", params = { hold = 2 } }
function detect_opportunity(market_data, context, indicators)
  context.seen = (context.seen or 0) + 1
  return { signal = "VERSION" }
end
function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", quantity = 0.1, reason = "VERSION" }
end
function manage_position(market_data, context, indicators)
  context.held = (context.held or 0) + 1
  if context.held % context.params.hold == 0 then return { action = "exit", reason = "VERSION" } end
end
"""
RUNNER = "pulse:AAAUSDT"


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(CONFIG)
    write(running, "one")
    running.start()
    running.wait_ready()
    yield running
    running.close()


def write(stack: Stack, version: str, after: str = "") -> None:
    """Put a version of the strategy where the stack finds it; after: what follows it in the file."""
    (stack.folder / "pulse.lua").write_text(PULSE.replace("VERSION", version) + after)


def listed(stack: Stack) -> dict[str, Any]:
    answer: dict[str, Any] = wait_until(lambda: stack.ask(SIGNAL, "runner.list"), "a list of the runners")
    return answer


def shown(stack: Stack, runner: str = RUNNER) -> dict[str, Any]:
    answer: dict[str, Any] = wait_until(lambda: stack.ask(SIGNAL, "runner.show", {"runner": runner}), f"{runner} shown")
    return answer


def says(stack: Stack, version: str) -> bool:
    """Return whether the runner's latest opportunity came from that version of the file."""
    return bool(shown(stack)["context"].get("signal") == version)


def test_good_broken_and_good_edits_while_it_trades(stack: Stack) -> None:
    wait_until(lambda: says(stack, "one") and stack.audit().fills >= 4, "trades by the first file")
    before = shown(stack)

    write(stack, "two")
    wait_until(lambda: says(stack, "two"), "the second file at work")
    after = shown(stack)
    assert after["remembers"]["context"]["seen"] >= before["remembers"]["context"]["seen"] > 0
    assert after["decisions"] >= before["decisions"]
    assert after["sha256"] != before["sha256"]

    write(stack, "three", "this is no Lua")
    wait_until(lambda: listed(stack)["files"]["failures"], "the broken file told")
    assert "pulse.lua" in listed(stack)["files"]["failures"]["pulse"]
    fills = stack.audit().fills
    wait_until(lambda: stack.audit().fills >= fills + 4, "trading by the last good file")
    assert says(stack, "two")

    write(stack, "four")
    wait_until(lambda: says(stack, "four"), "the mended file at work")
    assert listed(stack)["files"]["failures"] == {}
    assert listed(stack)["files"]["reloaded"] == 2


def test_a_crash_then_an_edit_then_a_start(stack: Stack) -> None:
    wait_until(lambda: stack.audit().fills >= 2, "fills by the first file")
    write(stack, "two")
    wait_until(lambda: says(stack, "two"), "the second file at work")
    stack.kill(SIGNAL)
    before = stack.audit()
    write(stack, "three")
    stack.start(SIGNAL)
    stack.wait_ready(SIGNAL)
    wait_until(lambda: says(stack, "three"), "the third file at work")
    wait_until(lambda: stack.audit().fills >= before.fills + 4, "trading goes on")
    stack.kill(SIGNAL)
    write(stack, "four", "nor is this")
    stack.start(SIGNAL)
    stack.wait_ready(SIGNAL)
    assert "pulse" in listed(stack)["files"]["failures"]
    assert says(stack, "three")
    assert set(stack.stop_in_turn(SIGNAL).values()) == {0}
    assert stack.audit().problems == []
    command = [sys.executable, "-m", "orrery", "parity", "--session", str(stack.data_dir)]
    redone = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert redone.returncode == 0, redone.stdout + redone.stderr
