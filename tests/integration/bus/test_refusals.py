"""What a service does not accept: a second of its kind, another past than the published one, order flow it cannot read."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import zmq

from common.bus.commands import CommandServer
from common.bus.publisher import Publisher
from common.clock import WallClock
from common.codec import encode
from common.journal import Journal
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from orrery.ports import free_ports
from tests.integration.bus.tiny_core import intent, quote
from tests.integration.bus.tiny_stack import TinyStack
from tests.integration.bus.waiting import PATIENCE_S, polling


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
    stack._overrides += [
        f"{section}.metrics_port={port}" for section, port in zip(("market_data", "risk"), free_ports(2), strict=True)
    ]
    stack.start(MARKET_DATA, RISK_MANAGER)
    assert [stack.processes[name].wait(PATIENCE_S) for name in (MARKET_DATA, RISK_MANAGER)] == [2, 2]
    assert f"in use by process {first[MARKET_DATA].pid}" in stack.said(MARKET_DATA)
    assert f"in use by process {first[RISK_MANAGER].pid}; one process at a time" in stack.said(RISK_MANAGER)
    stack.processes.update(first)
    assert stack.status(MARKET_DATA)["pid"] == first[MARKET_DATA].pid


def test_other_figures_than_those_published_stop_the_start(stack: TinyStack) -> None:
    stack.start(SIGNAL)
    stack.status(SIGNAL)
    assert stack.ask(SIGNAL, "make", timeout_ms=30_000)["made"] == 1
    stack.kill(SIGNAL)
    stack.environment["TINY_PRICE"] = "101"
    stack.start(SIGNAL)
    assert stack.processes[SIGNAL].wait(PATIENCE_S) == 2
    assert "output 1 was OrderIntent(" in stack.said(SIGNAL)
    assert "start with a new engine.data_dir" in stack.said(SIGNAL)


class Puppet:
    """A service played by the test, with a journal that holds what the test put there."""

    def __init__(self, stack: TinyStack, name: str, *payloads: bytes) -> None:
        self.name = name
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.outbox = Journal(stack.folder / f"{name}-puppet")
        clock = WallClock()
        self.publisher = Publisher(self.context, f"ipc://{stack.folder}/{name}.pub", clock, outbox=self.outbox)
        self.commands = CommandServer(self.context, f"ipc://{stack.folder}/{name}.cmd", clock, None)
        self.commands.on("stream.replay", self.publisher.replay)
        for payload in payloads:
            self.outbox.append(payload)
        self.outbox.flush()
        if payloads:
            self.publisher.open_journaled("intents")

    def turn(self) -> None:
        self.commands.serve()
        self.publisher.heartbeat(self.name)

    def close(self) -> None:
        self.publisher.close()
        self.commands.close()
        self.context.destroy(linger=0)
        self.outbox.close()


def test_order_flow_that_cannot_be_read_stops_the_service_and_is_not_skipped(stack: TinyStack) -> None:
    poisoner = Puppet(stack, SIGNAL, encode(intent(1)), b"\x81\xa4type\xa5novel", encode(intent(3)))
    with poisoner.context.socket(zmq.SUB) as told:
        told.subscribe(b"halt.")
        told.subscribe(b"heartbeat.")
        told.connect(f"ipc://{stack.folder}/{RISK_MANAGER}.pub")
        for _ in range(2):
            stack.start(RISK_MANAGER)
            assert told.poll(60_000)
            assert told.recv_multipart()[0] == b"heartbeat.risk_manager"
            for _ in polling("the service stops"):
                poisoner.turn()
                if stack.processes[RISK_MANAGER].poll() is not None:
                    break
            assert stack.processes[RISK_MANAGER].returncode == 1
            assert "PoisonError: intents #2 cannot be decoded and must not be skipped: " in stack.said(RISK_MANAGER)
            topics = [b""]
            while topics[-1] != b"halt.risk_manager":
                assert told.poll(60_000), f"everybody is told: {topics}"
                topics.append(told.recv_multipart()[0])
    assert stack.inputs(RISK_MANAGER, "intents") in ([], [1])
    poisoner.close()


def test_market_data_that_cannot_be_read_is_counted_and_passed_over(stack: TinyStack) -> None:
    stack.start(SIGNAL, RISK_MANAGER, EXECUTION)
    feed = Puppet(stack, MARKET_DATA)
    for _ in polling("the service is ready"):
        feed.turn()
        if (stack.ask(RISK_MANAGER) or {}).get("state") == "ready":
            break
    feed.publisher.publish(quote(1))
    topic = feed.publisher._topics["quote.BTCUSDT"]
    feed.publisher._send(topic, 2, b"\x81\xa4type\xa5novel")
    feed.publisher.publish(quote(3))
    status: dict[str, Any] = {}
    for _ in polling("the quotes around it are taken"):
        feed.turn()
        status = stack.status(RISK_MANAGER)
        if status["core"]["quotes"] == 2:
            break
    assert status["counters"]["undecodable"] == 1
    assert status["last_error"].startswith("quote.BTCUSDT #2: Invalid value 'novel'")
    assert status["state"] == "ready"
    feed.close()
