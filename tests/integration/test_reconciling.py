"""Risk holds its positions against execution's at every start: kill -9 of both in the middle, and a position edited in between."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import msgspec
import pytest

from common.codec import decode
from common.inputs import Input, InputKind
from common.journal import read_folder
from common.messages import DifferenceAction, OperatorCommand, PositionDiffers
from common.routes import EXECUTION, RISK_MANAGER, SERVICES
from common.snapshots import SnapshotStore
from services.risk_manager.core.desk import State
from tests.integration.harness import Stack, wait_until

HOLDING = """
strategy = { name = "holding", evaluate_on = "tick" }
function detect_opportunity(m, c, i) return { signal = "any", confidence = 1 } end
function filter_commitment(m, c, i) return { action = "enter_long", price = m.ask, quantity = 1 } end
function manage_position(m, c, i) return nil end
"""
EAGER = """
strategy = { name = "eager", evaluate_on = "tick", tick_interval_ms = 40 }
function detect_opportunity(m, c, i) return { signal = "any", confidence = 1 } end
function filter_commitment(m, c, i) return { action = "enter_short", price = m.ask, quantity = 1 } end
function manage_position(m, c, i) return { action = "exit", price = m.bid, reason = "again" } end
"""
CONFIG = """
[data_source]
type = "simulated"
[data_source.simulated]
seed = 7
tick_rate = 50
initial_price = 100
[market_data]
symbols = ["AAAUSDT", "BBBUSDT"]
[risk]
max_position_size = 1000
[[strategies]]
name = "holding"
script = "holding.lua"
symbols = ["AAAUSDT"]
[[strategies]]
name = "eager"
script = "eager.lua"
symbols = ["BBBUSDT"]
"""
HOLDER = "holding:AAAUSDT"

decode_input = msgspec.msgpack.Decoder(Input).decode


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(CONFIG)
    (running.folder / "holding.lua").write_text(HOLDING)
    (running.folder / "eager.lua").write_text(EAGER)
    running.start(*SERVICES)
    running.wait_ready(*SERVICES)
    wait_until(lambda: fills(running) > 5, "both strategies trade")
    yield running
    running.close()


def fills(stack: Stack) -> int:
    return int(stack.core(RISK_MANAGER)["fills"])


def has_filled(stack: Stack, count: int) -> bool:
    return fills(stack) >= count


def commands_and_quotes(stack: Stack) -> list[str]:
    """Return what risk was told, in order, by name: commands, and runs of quotes as one."""
    names: list[str] = []
    for _, payload in read_folder(stack.data_dir / RISK_MANAGER / "inbox"):
        recorded = decode_input(payload)
        if recorded.kind is InputKind.COMMAND:
            message = decode(recorded.payload)
            assert isinstance(message, OperatorCommand)
            names.append(message.name)
        elif recorded.topic.startswith("quote.") and names and names[-1] != "quotes":
            names.append("quotes")
    return names


def differences(stack: Stack) -> list[tuple[str, DifferenceAction]]:
    outputs = [decode(payload) for _, payload in read_folder(stack.data_dir / RISK_MANAGER / "outbox")]
    return [(each.runner, each.action) for each in outputs if isinstance(each, PositionDiffers)]


def test_a_crash_of_both_is_reconciled_before_anything_is_approved(stack: Stack) -> None:
    for victims in ((RISK_MANAGER,), (EXECUTION, RISK_MANAGER)):
        for victim in victims:
            stack.kill(victim)
        stack.start(*victims)
        stack.wait_ready()
        before = fills(stack)
        wait_until(partial(has_filled, stack, before + 3), "trading goes on")
    # Two starts of risk after the first: each was held against execution before the first quote came in.
    assert commands_and_quotes(stack) == ["reconcile", "reconciled", "quotes"] * 3
    assert differences(stack) == []


def edit_position(stack: Stack) -> None:
    """Let risk's saved state hold more of a runner's position than was ever filled."""
    store = SnapshotStore(stack.data_dir / RISK_MANAGER / "snapshots")
    latest = store.latest()
    assert latest is not None
    state = msgspec.msgpack.decode(latest.core, type=State)
    state.markets["AAAUSDT"].positions[HOLDER].quantity += Decimal(5)
    core = msgspec.msgpack.Encoder(decimal_format="string").encode(state)
    for path in store.folder.iterdir():
        path.unlink()
    store.save(msgspec.structs.replace(latest, core=core))


def test_an_edited_position_is_found_and_stands_in_the_way(stack: Stack) -> None:
    stack.stop(RISK_MANAGER)
    edit_position(stack)
    stack.start(RISK_MANAGER)
    wait_until(lambda: differences(stack), "the difference is told")
    assert differences(stack) == [(HOLDER, DifferenceAction.HALTED)]
    stack.wait_ready()
    standing = stack.core(RISK_MANAGER)
    assert standing["trading"] == "reducing"
    assert standing["in_the_way"]["not_ready"] == f"positions differ: {HOLDER}: risk holds 6, execution 1"
    refused = standing["refusals"].get("not_ready", 0)
    wait_until(lambda: stack.core(RISK_MANAGER)["refusals"].get("not_ready", 0) > refused, "entries are refused")
    assert stack.ask(RISK_MANAGER, "ready", timeout_ms=30_000) is not None  # an operator accepts it
    before = fills(stack)
    wait_until(lambda: fills(stack) > before + 2, "trading goes on")
    stack.kill(RISK_MANAGER)
    stack.start(RISK_MANAGER)
    stack.wait_ready()
    assert stack.core(RISK_MANAGER)["trading"] == "active"  # and it stays accepted
    assert differences(stack) == [(HOLDER, DifferenceAction.HALTED)]
