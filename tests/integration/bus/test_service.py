"""The shell of a journaled service, as a process among others: readiness, full disks, poison, operators, slow readers."""

import os
import resource
import signal
from collections.abc import Iterator
from functools import partial

import pytest
import zmq

from common.bus.commands import CommandServer
from common.bus.publisher import Publisher
from common.clock import WallClock
from common.codec import encode
from common.journal import Journal
from common.messages import ApprovedOrder
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from tests.integration.bus.tiny_core import RUNNER, intent
from tests.integration.bus.tiny_stack import TinyStack
from tests.integration.bus.waiting import polling

TOTAL = 1_500


@pytest.fixture
def stack(request: pytest.FixtureRequest) -> Iterator[TinyStack]:
    made = TinyStack(total=getattr(request, "param", 0))
    yield made
    made.close()


def core(stack: TinyStack, name: str) -> dict[str, int]:
    """Return the state of a service's core."""
    found: dict[str, int] = {}

    def answers() -> bool:
        found.update((stack.ask(name) or {}).get("core", {}))
        return bool(found)

    stack.until(answers, f"status of {name}")
    return found


def test_no_market_data_before_order_flow_is_complete(stack: TinyStack) -> None:
    stack.start(MARKET_DATA, RISK_MANAGER)
    stack.wait_for(RISK_MANAGER, "silent", [SIGNAL, EXECUTION])
    status = stack.ask(RISK_MANAGER)
    assert (status["state"], status["detail"]) == ("starting", "waiting for signal, execution")
    assert status["core"]["quotes"] == 0
    assert status["counters"]["received"] > 0
    stack.start(SIGNAL, EXECUTION)
    for name in (SIGNAL, RISK_MANAGER, EXECUTION):
        stack.wait_for(name, "state", "ready")
    stack.until(lambda: core(stack, RISK_MANAGER)["quotes"] > 0, "quotes are taken")
    # Nor after a restart, with the places of before in the journal.
    assert stack.stop(SIGNAL, RISK_MANAGER, EXECUTION) == [0, 0, 0]
    stack.start(RISK_MANAGER)
    stack.wait_for(RISK_MANAGER, "silent", [SIGNAL, EXECUTION])
    quotes = core(stack, RISK_MANAGER)["quotes"]
    heard = stack.ask(RISK_MANAGER)["counters"]["received"]
    stack.until(lambda: stack.ask(RISK_MANAGER)["counters"]["received"] > heard + 100, "quotes arrive")
    assert core(stack, RISK_MANAGER)["quotes"] == quotes > 0


@pytest.mark.parametrize("stack", [TOTAL], indirect=True)
def test_a_full_disk_stops_the_intake_and_nothing_is_lost(stack: TinyStack) -> None:
    stack.start()
    stack.until(lambda: stack.size(RISK_MANAGER) > 0, "orders are approved")
    pid = stack.processes[RISK_MANAGER].pid
    room = stack.size(RISK_MANAGER, "inbox") + 10_000
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, hard))
    stack.wait_for(RISK_MANAGER, "state", "degraded")
    status = stack.ask(RISK_MANAGER)
    assert "cannot write" in status["detail"]
    assert "File too large" in status["detail"]
    assert "not taken, the journal refuses writes" in stack.ask(RISK_MANAGER, "count")
    inputs, published = status["inputs"], len(stack.outbox(RISK_MANAGER))
    stack.until(lambda: len(stack.outbox(SIGNAL)) == TOTAL, "the intents go on")
    status = stack.ask(RISK_MANAGER)
    assert (status["inputs"], len(stack.outbox(RISK_MANAGER))) == (inputs, published)
    assert len(stack.outbox(EXECUTION)) <= published
    spent = cpu_seconds(pid)
    for _ in polling("heartbeats go on"):
        if stack.ask(RISK_MANAGER)["uptime_ms"] > status["uptime_ms"] + 500:
            break
    assert cpu_seconds(pid) - spent < 0.3, "it waits, and does not turn around its full sockets"
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    stack.until(lambda: len(stack.outbox(EXECUTION)) == TOTAL, "everything is filled")
    stack.wait_for(RISK_MANAGER, "state", "ready")
    assert stack.stop() == [0, 0, 0, 0]
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


@pytest.mark.parametrize("stack", [TOTAL], indirect=True)
def test_a_stop_on_a_full_disk_is_graceful_and_loses_nothing(stack: TinyStack) -> None:
    stack.start()
    stack.until(lambda: stack.size(RISK_MANAGER) > 0, "orders are approved")
    pid = stack.processes[RISK_MANAGER].pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (stack.size(RISK_MANAGER, "inbox"), hard))
    stack.wait_for(RISK_MANAGER, "state", "degraded")
    assert stack.stop(RISK_MANAGER) == [0]
    stack.start(RISK_MANAGER)
    stack.until(lambda: len(stack.outbox(EXECUTION)) == TOTAL, "everything is filled")


def test_a_stopped_reader_shows_in_its_publishers_status(stack: TinyStack) -> None:
    stack.start()
    for name in (SIGNAL, RISK_MANAGER, EXECUTION):
        stack.wait_for(name, "state", "ready")
    stack.until(lambda: EXECUTION in stack.ask(MARKET_DATA)["subscribers"], "the reader tells where it is")
    stack.processes[EXECUTION].send_signal(signal.SIGSTOP)
    stack.until(lambda: stack.ask(MARKET_DATA)["subscribers"][EXECUTION]["lag"] > 300, "the lag grows")
    stack.processes[EXECUTION].send_signal(signal.SIGCONT)
    stack.until(lambda: stack.ask(MARKET_DATA)["subscribers"][EXECUTION]["lag"] < 300, "the reader catches up")


def test_operators_commands_are_done_once_even_across_a_crash(stack: TinyStack) -> None:
    stack.start()
    stack.wait_for(RISK_MANAGER, "state", "ready")
    for _ in range(2):
        assert stack.ask(RISK_MANAGER, "count", request_id="first", timeout_ms=5_000)["commands"] == 1
    stack.kill(RISK_MANAGER)
    stack.start(RISK_MANAGER)
    assert core(stack, RISK_MANAGER)["commands"] == 1, "what was answered was on the disk"
    assert stack.ask(RISK_MANAGER, "count", request_id="first", timeout_ms=5_000)["commands"] == 1
    assert stack.ask(RISK_MANAGER, "count", request_id="second", timeout_ms=5_000)["commands"] == 2
    assert stack.stop(RISK_MANAGER) == [0]
    stack.start(RISK_MANAGER)
    stack.wait_for(RISK_MANAGER, "state", "ready")
    assert stack.ask(RISK_MANAGER, "count", request_id="second", timeout_ms=5_000)["commands"] == 2


def test_a_second_process_of_a_service_is_refused(stack: TinyStack) -> None:
    stack.start(MARKET_DATA, RISK_MANAGER)
    for name in (MARKET_DATA, RISK_MANAGER):
        stack.until(partial(stack.ask, name), f"{name} answers")
    first = dict(stack.processes)
    stack._overrides.append("market_data.metrics_port=0")
    stack._overrides += [
        f"{section}.metrics_port={port}" for section, port in (("market_data", 39101), ("risk", 39103))
    ]
    stack.start(MARKET_DATA, RISK_MANAGER)
    assert [stack.processes[name].wait(10) for name in (MARKET_DATA, RISK_MANAGER)] == [2, 2]
    assert f"in use by process {first[MARKET_DATA].pid}" in stack.said(MARKET_DATA)
    assert f"in use by process {first[RISK_MANAGER].pid}; one process at a time" in stack.said(RISK_MANAGER)
    stack.processes.update(first)
    assert stack.ask(MARKET_DATA)["pid"] == first[MARKET_DATA].pid


def test_other_figures_than_those_published_stop_the_start(stack: TinyStack) -> None:
    stack.start()
    stack.wait_for(SIGNAL, "state", "ready")
    assert stack.ask(SIGNAL, "make", timeout_ms=5_000)["made"] == 1
    stack.kill(SIGNAL)
    stack.environment["TINY_PRICE"] = "101"
    stack.start(SIGNAL)
    assert stack.processes[SIGNAL].wait(10) == 2
    assert "output 1 was OrderIntent(" in stack.said(SIGNAL)
    assert "start with a new engine.data_dir" in stack.said(SIGNAL)


class Poisoner:
    """A signal service whose second intent is of a version to come."""

    def __init__(self, stack: TinyStack) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.outbox = Journal(stack.folder / "poison")
        clock = WallClock()
        self.publisher = Publisher(self.context, f"ipc://{stack.folder}/{SIGNAL}.pub", clock, outbox=self.outbox)
        self.commands = CommandServer(self.context, f"ipc://{stack.folder}/{SIGNAL}.cmd", clock, None)
        self.commands.on("stream.replay", self.publisher.replay)
        for payload in (encode(intent(1)), b"\x81\xa4type\xa5novel", encode(intent(3))):
            self.outbox.append(payload)
        self.outbox.flush()
        self.publisher.open_journaled("intents")

    def turn(self) -> None:
        self.commands.serve()
        self.publisher.heartbeat(SIGNAL)

    def close(self) -> None:
        self.publisher.close()
        self.commands.close()
        self.context.destroy(linger=0)
        self.outbox.close()


def test_order_flow_that_cannot_be_read_stops_the_service_and_is_not_skipped(stack: TinyStack) -> None:
    poisoner = Poisoner(stack)
    with poisoner.context.socket(zmq.SUB) as told:
        told.subscribe(b"halt.")
        told.subscribe(b"heartbeat.")
        told.connect(f"ipc://{stack.folder}/{RISK_MANAGER}.pub")
        for _ in range(2):
            stack.start(RISK_MANAGER)
            assert told.poll(10_000)
            assert told.recv_multipart()[0] == b"heartbeat.risk_manager"
            for _ in polling("the service stops"):
                poisoner.turn()
                if stack.processes[RISK_MANAGER].poll() is not None:
                    break
            assert stack.processes[RISK_MANAGER].returncode == 1
            assert "PoisonError: intents #2 cannot be decoded and must not be skipped: " in stack.said(RISK_MANAGER)
            topics = [told.recv_multipart()[0] for _ in iter(lambda: told.poll(100), 0)]
            assert topics[-1] == b"halt.risk_manager", "everybody is told"
    assert stack.inputs(RISK_MANAGER, "intents") in ([], [1])
    poisoner.close()


def test_a_graceful_stop_leaves_nothing_to_redo(stack: TinyStack) -> None:
    stack.start()
    stack.wait_for(RISK_MANAGER, "state", "ready")
    stack.until(lambda: core(stack, RISK_MANAGER)["quotes"] > 10, "quotes")
    assert stack.stop(RISK_MANAGER) == [0]
    stack.start(RISK_MANAGER)
    stack.wait_for(RISK_MANAGER, "state", "ready")
    assert "redone=0" in stack.said(RISK_MANAGER).splitlines()[-2] + stack.said(RISK_MANAGER).splitlines()[-1]
