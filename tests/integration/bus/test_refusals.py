"""What a service does not accept: a second of its kind, another past than the published one, order flow it cannot read."""

from collections.abc import Iterator
from functools import partial

import pytest
import zmq

from common.bus.commands import CommandServer
from common.bus.publisher import Publisher
from common.clock import WallClock
from common.codec import encode
from common.journal import Journal
from common.routes import MARKET_DATA, RISK_MANAGER, SIGNAL
from tests.integration.bus.tiny_core import intent
from tests.integration.bus.tiny_stack import TinyStack
from tests.integration.bus.waiting import polling


@pytest.fixture
def stack() -> Iterator[TinyStack]:
    made = TinyStack()
    yield made
    made.close()


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
