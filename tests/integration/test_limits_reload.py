"""Risk's limits change under a running stack: by its file, good, broken and good again, and by an operator; then kill -9."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from common.codec import decode
from common.journal import read_folder
from common.messages import RiskLimitsChanged
from common.routes import EVENT_STORE, EXECUTION, MARKET_DATA, RISK_MANAGER, SERVICES, SIGNAL
from tests.integration.harness import PROJECT, Stack, is_through, wait_until

EAGER = """
strategy = { name = "eager", evaluate_on = "tick", tick_interval_ms = 50, stop_loss = 0.5 }
function detect_opportunity(m, c, i) return { signal = "any", confidence = 1 } end
function filter_commitment(m, c, i) return { action = "enter_long", price = m.ask, risk = 0.002 } end
function manage_position(m, c, i) return { action = "exit", price = m.bid, reason = "again" } end
"""
CONFIG = """
[data_source]
type = "simulated"
[data_source.simulated]
seed = 11
tick_rate = 50
initial_price = 100
[market_data]
symbols = ["AAAUSDT"]
[risk]
max_order_notional = {largest}
max_position_size = 1000
[risk.sizing]
model = "risk_per_trade"
risk_percent = 1
[[strategies]]
name = "eager"
script = "eager.lua"
"""


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(CONFIG.format(largest=100_000))
    (running.folder / "eager.lua").write_text(EAGER)
    running.start(*SERVICES, EVENT_STORE)
    running.wait_ready(*SERVICES, EVENT_STORE)
    yield running
    running.close()


def told(stack: Stack) -> list[RiskLimitsChanged]:
    """Return what risk said of its limits, as its journal has it."""
    outputs = [decode(payload) for _, payload in read_folder(stack.data_dir / RISK_MANAGER / "outbox")]
    return [each for each in outputs if isinstance(each, RiskLimitsChanged)]


def shown(stack: Stack) -> dict[str, Any]:
    answer: dict[str, Any] = wait_until(lambda: stack.ask(RISK_MANAGER, "risk.show"), "an answer of risk")
    return answer


def in_force(stack: Stack, key: str) -> str:
    return str(shown(stack)["in_force"][key])


def refusals(stack: Stack) -> int:
    return int(stack.core(RISK_MANAGER)["refusals"].get("order_size", 0))


def run(*words: str, code: int = 0) -> str:
    arguments = [sys.executable, "-m", "orrery", *words]
    done = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def orrery(stack: Stack, *words: str, code: int = 0) -> str:
    overrides = [word for override in stack.overrides for word in ("--set", override)]
    return run(*words, "--config", str(stack.config), *overrides, code=code)


def test_limits_change_while_it_runs_and_outlast_a_crash(stack: Stack) -> None:
    change_by_file(stack)
    change_by_hand(stack)
    crash_before_and_behind_an_edit(stack)
    redo_all(stack)


def change_by_file(stack: Stack) -> None:
    wait_until(lambda: stack.core(RISK_MANAGER)["fills"] > 2, "sized entries fill")
    assert not refusals(stack)

    stack.config.write_text(CONFIG.format(largest=10))
    wait_until(lambda: in_force(stack, "max_order_notional") == "10", "the file's new limit is in force")
    wait_until(lambda: refusals(stack) > 0, "entries are refused by it")
    (change,) = told(stack)[0].changes
    assert (change.key, change.before, change.after) == ("max_order_notional", "100000", "10")

    stack.config.write_text(CONFIG.format(largest='"plenty"'))
    wait_until(lambda: shown(stack)["failed"] == 1, "the broken file is noticed")
    assert in_force(stack, "max_order_notional") == "10"
    failure = shown(stack)["failure"]
    assert failure == f'{stack.config}:11: risk.max_order_notional: expected a number, at least 0, found "plenty"'
    assert failure in orrery(stack, "risk", "reload", code=2)

    stack.config.write_text(CONFIG.format(largest=100_000).replace("initial_price = 100", "initial_price = 101"))
    wait_until(lambda: in_force(stack, "max_order_notional") == "100000", "the file's limit is in force again")
    fills = stack.core(RISK_MANAGER)["fills"]
    wait_until(lambda: stack.core(RISK_MANAGER)["fills"] > fills, "trading goes on")
    assert [each.origin for each in told(stack)] == ["file", "file"]


def change_by_hand(stack: Stack) -> None:
    text = orrery(stack, "risk", "set", "max_order_notional=20", "sizing.risk_percent=0.5")
    assert text.splitlines()[:2] == ["max_order_notional: 100000 -> 20", "sizing.risk_percent: 1 -> 0.5"]
    refused = orrery(stack, "risk", "set", "max_order_notional=30", "max_open_positions=0", code=1)
    assert "risk.max_open_positions: expected an integer, at least 1, found 0" in refused
    assert "risk.initial_cash: expected 100000" in orrery(stack, "risk", "set", "initial_cash=5", code=1)
    assert in_force(stack, "max_order_notional") == "20"
    assert "max_order_notional                  20   the file says 100000" in orrery(stack, "risk", "show")
    assert "order_size" not in orrery(stack, "risk", "limits")  # a limit of single orders: nothing uses it up


def crash_before_and_behind_an_edit(stack: Stack) -> None:
    stack.kill(RISK_MANAGER)
    stack.start(RISK_MANAGER)
    stack.wait_ready()
    assert in_force(stack, "max_order_notional") == "20"  # the file says nothing new

    stack.kill(RISK_MANAGER)
    stack.config.write_text(CONFIG.format(largest=77))
    stack.start(RISK_MANAGER)
    stack.wait_ready()
    assert in_force(stack, "max_order_notional") == "77"  # the file does: the last word wins
    assert [each.origin for each in told(stack)] == ["file", "file", "operator", "file"]
    assert in_force(stack, "sizing.risk_percent") == "1"


def redo_all(stack: Stack) -> None:
    # In the order of the flow, as `orrery up` ends them: what one still says, the next one hears, and the store all of it.
    stack.stop(MARKET_DATA, SIGNAL)
    wait_until(lambda: is_through(stack.audit()), "order flow at rest")
    stack.stop(RISK_MANAGER, EXECUTION)
    stack.stop(EVENT_STORE)
    # Redone from the journals, and from the event store, it comes to the same.
    assert json.loads(run("parity", "--session", str(stack.data_dir), "--json"))["equal"] is True
    assert run("replay", "--session", str(stack.data_dir), "--at", "end")
    tail = orrery(stack, "events", "tail", "--count", "100000", "--json")
    stored = [line for line in tail.splitlines() if '"risk_limits_changed"' in line]
    assert len(stored) == len(told(stack))
