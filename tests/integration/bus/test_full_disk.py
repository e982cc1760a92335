"""A disk without room stops the intake of a service, not the service; nothing is lost, doubled or sent unwritten."""

import os
import resource
import time
from collections.abc import Iterator

import pytest

from common.messages import ApprovedOrder
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL
from tests.integration.bus.tiny_core import RUNNER
from tests.integration.bus.tiny_stack import TinyStack

TOTAL = 1_500
CHAIN = (SIGNAL, RISK_MANAGER, EXECUTION)


@pytest.fixture
def stack() -> Iterator[TinyStack]:
    made = TinyStack(total=TOTAL)
    yield made
    made.close()


def test_a_full_disk_stops_the_intake_and_nothing_is_lost(stack: TinyStack) -> None:
    stack.start(*CHAIN)
    stack.until(lambda: stack.size(RISK_MANAGER) > 0, "orders are approved")
    pid = stack.processes[RISK_MANAGER].pid
    room = stack.size(RISK_MANAGER, "inbox") + 10_000
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, hard))
    stack.wait_for(RISK_MANAGER, "state", "degraded")
    status = stack.status(RISK_MANAGER)
    assert "cannot write" in status["detail"]
    assert "File too large" in status["detail"]
    assert "not taken, the journal refuses writes" in stack.ask(RISK_MANAGER, "count", timeout_ms=30_000)
    inputs, published = status["inputs"], len(stack.outbox(RISK_MANAGER))
    stack.until(lambda: len(stack.outbox(SIGNAL)) == TOTAL, "the intents go on")
    status = stack.status(RISK_MANAGER)
    assert (status["inputs"], len(stack.outbox(RISK_MANAGER))) == (inputs, published)
    assert len(stack.outbox(EXECUTION)) <= published
    spent, began = cpu_seconds(pid), time.monotonic()
    while stack.status(RISK_MANAGER)["uptime_ms"] <= status["uptime_ms"] + 500:
        time.sleep(0.1)  # seldom: each answer costs it processor time
    # Of the time that went by, for on a slow machine everything costs more.
    assert cpu_seconds(pid) - spent < 0.6 * (time.monotonic() - began), (
        "it waits, and does not turn around its full sockets"
    )
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    stack.until(lambda: len(stack.outbox(EXECUTION)) == TOTAL, "everything is filled")
    stack.wait_for(RISK_MANAGER, "state", "starting")
    assert stack.stop() == [0, 0, 0]
    orders = stack.outbox(RISK_MANAGER)
    assert [order.id for order in orders if isinstance(order, ApprovedOrder)] == [
        f"{RUNNER}-{number}" for number in range(1, TOTAL + 1)
    ]
    assert stack.said(RISK_MANAGER).count("journal refuses writes") == 1
    assert stack.said(RISK_MANAGER).count("journal takes writes again") == 1


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_stop_on_a_full_disk_is_graceful_and_loses_nothing(stack: TinyStack) -> None:
    stack.start(*CHAIN)
    stack.until(lambda: stack.size(RISK_MANAGER) > 0, "orders are approved")
    pid = stack.processes[RISK_MANAGER].pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (stack.size(RISK_MANAGER, "inbox"), hard))
    stack.wait_for(RISK_MANAGER, "state", "degraded")
    assert stack.stop(RISK_MANAGER) == [0]
    stack.start(RISK_MANAGER)
    stack.until(lambda: len(stack.outbox(EXECUTION)) == TOTAL, "everything is filled")
