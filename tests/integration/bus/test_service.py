"""The shell of a journaled service, as a process among others: readiness, operators, restarts."""

from collections.abc import Iterator

import pytest

from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from tests.integration.bus.tiny_stack import TinyStack


@pytest.fixture
def stack() -> Iterator[TinyStack]:
    made = TinyStack()
    yield made
    made.close()


def core(stack: TinyStack, name: str) -> dict[str, int]:
    """Return the state of a service's core."""
    found: dict[str, int] = stack.status(name)["core"]
    return found


def test_no_market_data_before_order_flow_is_complete(stack: TinyStack) -> None:
    stack.start(MARKET_DATA, RISK_MANAGER)
    stack.wait_for(RISK_MANAGER, "silent", [SIGNAL, EXECUTION])
    stack.until(lambda: stack.status(RISK_MANAGER)["counters"]["received"] > 100, "quotes arrive")
    status = stack.status(RISK_MANAGER)
    assert (status["state"], status["detail"]) == ("starting", "waiting for signal, execution")
    assert status["core"]["quotes"] == 0
    stack.start(SIGNAL, EXECUTION)
    for name in (SIGNAL, RISK_MANAGER, EXECUTION):
        stack.wait_for(name, "state", "ready")
    stack.until(lambda: core(stack, RISK_MANAGER)["quotes"] > 0, "quotes are taken")
    # Nor after a restart, with the places of before in the journal.
    assert stack.stop(SIGNAL, RISK_MANAGER, EXECUTION) == [0, 0, 0]
    stack.start(RISK_MANAGER)
    stack.wait_for(RISK_MANAGER, "silent", [SIGNAL, EXECUTION])
    quotes = core(stack, RISK_MANAGER)["quotes"]
    heard = stack.status(RISK_MANAGER)["counters"]["received"]
    stack.until(lambda: stack.status(RISK_MANAGER)["counters"]["received"] > heard + 100, "quotes arrive")
    assert core(stack, RISK_MANAGER)["quotes"] == quotes > 0


def test_operators_commands_are_done_once_even_across_a_crash(stack: TinyStack) -> None:
    def count(request_id: str) -> int:
        done: int = stack.ask(RISK_MANAGER, "count", request_id=request_id, timeout_ms=30_000)["commands"]
        return done

    stack.start(RISK_MANAGER)
    assert [count("first"), count("first")] == [1, 1]
    stack.kill(RISK_MANAGER)
    stack.start(RISK_MANAGER)
    assert core(stack, RISK_MANAGER)["commands"] == 1, "what was answered was on the disk"
    assert [count("first"), count("second")] == [1, 2]
    assert stack.stop(RISK_MANAGER) == [0]
    stack.start(RISK_MANAGER)
    assert count("second") == 2


def test_a_graceful_stop_leaves_nothing_to_redo(stack: TinyStack) -> None:
    stack.start()
    stack.wait_for(RISK_MANAGER, "state", "ready")
    stack.until(lambda: core(stack, RISK_MANAGER)["quotes"] > 10, "quotes")
    assert stack.stop(RISK_MANAGER) == [0]
    stack.start(RISK_MANAGER)
    stack.wait_for(RISK_MANAGER, "state", "ready")
    restored = [line for line in stack.said(RISK_MANAGER).splitlines() if "state restored" in line]
    assert "redone=0" in restored[-1]
