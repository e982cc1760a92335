"""`orrery kill` on real processes: with strategies frozen, and with any one service dead."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from common.codec import decode
from common.inputs import Input, InputKind
from common.journal import read_folder
from common.messages import OperatorCommand
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SERVICES, SIGNAL
from tests.integration.harness import PROJECT, Stack, wait_until

RESTING = """
strategy = { name = "resting", evaluate_on = "tick" }
function detect_opportunity(m, c, i) return { signal = "any", confidence = 1 } end
function filter_commitment(m, c, i)
  return { action = "enter_long", order_type = "limit", price = m.bid * 0.5, quantity = 1 }
end
function manage_position(m, c, i) return nil end
"""
HOLDING = """
strategy = { name = "holding", evaluate_on = "tick" }
function detect_opportunity(m, c, i) return { signal = "any", confidence = 1 } end
function filter_commitment(m, c, i) return { action = "enter_long", price = m.ask, quantity = 1 } end
function manage_position(m, c, i) return nil end
"""
SYMBOLS = ["AAAUSDT", "BBBUSDT", "CCCUSDT"]
CONFIG = f"""
[data_source]
type = "simulated"
[data_source.simulated]
seed = 11
tick_rate = 50
initial_price = 100
[market_data]
symbols = {SYMBOLS}
[risk]
max_position_size = 1000
max_open_positions = 10
[[strategies]]
name = "resting"
script = "resting.lua"
[[strategies]]
name = "holding"
script = "holding.lua"
symbols = ["AAAUSDT"]
"""


decode_input = msgspec.msgpack.Decoder(Input).decode


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(CONFIG)
    (running.folder / "resting.lua").write_text(RESTING)
    (running.folder / "holding.lua").write_text(HOLDING)
    running.start()
    running.wait_ready()
    wait_until(lambda: is_invested(running), "three orders rest and one position is held")
    yield running
    running.close()


def is_invested(stack: Stack) -> bool:
    """Return whether all orders rest and one unit is held, however many fills that took."""
    execution = stack.core(EXECUTION)
    held = Decimal(execution["holdings"].get("AAAUSDT", 0))
    return (execution["open_orders"], held) == (len(SYMBOLS), Decimal(1))


def is_over(stack: Stack) -> bool:
    """Return whether nothing is held, nothing rests and no service believes otherwise."""
    execution, risk = stack.core(EXECUTION), stack.core(RISK_MANAGER)
    return (
        execution["open_orders"] == risk["working_orders"] == 0
        and all(Decimal(held) == 0 for held in execution["holdings"].values())
        and all(Decimal(each["quantity"]) == 0 for each in risk["positions"])
    )


def orrery(stack: Stack, *words: str, code: int = 0) -> dict[str, Any]:
    arguments = [sys.executable, "-m", "orrery", *words, "--json", "--config", str(stack.config)]
    for override in stack.overrides:
        arguments += ["--set", override]
    done = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == code, done.stdout + done.stderr + stack.logs()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_one_command_ends_everything_while_strategies_are_frozen(stack: Stack) -> None:
    stack.processes[SIGNAL].send_signal(signal.SIGSTOP)
    answer = orrery(stack, "kill", "--reason", "fat finger")
    assert answer["ok"] is True
    wait_until(lambda: is_over(stack), "flat, and nothing rests")
    stack.processes[SIGNAL].send_signal(signal.SIGCONT)
    wait_until(lambda: stack.core(RISK_MANAGER)["refusals"].get("kill_switch", 0) >= 2, "entries are refused")
    assert is_over(stack)
    fills = stack.core(EXECUTION)["fills"]
    orrery(stack, "arm")
    wait_until(lambda: stack.core(EXECUTION)["fills"] > fills, "trading goes on")
    assert commands(stack) == ["reconcile", "reconciled", "kill", "arm"]


def commands(stack: Stack) -> list[str]:
    """Return what operators told risk, as its journal has it."""
    inputs = [decode_input(payload) for _, payload in read_folder(stack.data_dir / RISK_MANAGER / "inbox")]
    messages = [decode(each.payload) for each in inputs if each.kind is InputKind.COMMAND]
    return [message.name for message in messages if isinstance(message, OperatorCommand)]


@pytest.mark.parametrize("dead", [MARKET_DATA, SIGNAL])
def test_it_works_with_one_of_those_dead_that_only_look(stack: Stack, dead: str) -> None:
    stack.kill(dead)
    assert orrery(stack, "kill")["ok"] is True
    wait_until(lambda: is_over(stack), "flat, and nothing rests")


def test_with_risk_dead_execution_cancels_and_lets_nothing_in_and_positions_close_when_it_is_back(stack: Stack) -> None:
    stack.kill(RISK_MANAGER)
    answer = orrery(stack, "kill", "--wait", "4", code=1)
    assert [answer["services"][name]["ok"] for name in (RISK_MANAGER, EXECUTION)] == [False, True]
    assert stack.core(EXECUTION)["open_orders"] == 0
    assert stack.core(EXECUTION)["killed"]
    stack.start(RISK_MANAGER)
    assert orrery(stack, "kill", "--wait", "60")["ok"] is True
    wait_until(lambda: is_over(stack), "flat, and nothing rests")


def test_with_execution_dead_risk_refuses_and_the_rest_follows_when_it_is_back(stack: Stack) -> None:
    stack.kill(EXECUTION)
    answer = orrery(stack, "kill", "--wait", "4", code=1)
    assert [answer["services"][name]["ok"] for name in (RISK_MANAGER, EXECUTION)] == [True, False]
    assert stack.core(RISK_MANAGER)["trading"] == "halted"
    stack.start(EXECUTION)
    wait_until(lambda: is_over(stack), "flat, and nothing rests")


def test_a_stack_that_is_down_is_no_success(stack: Stack) -> None:
    stack.stop(*SERVICES)
    answer = orrery(stack, "kill", "--wait", "0.2", code=1)
    assert not any(each["ok"] for each in answer["services"].values())
