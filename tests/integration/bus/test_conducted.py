"""A service in lock-step: what it hears waits for its name, and the time is the conductor's."""

from typing import Any

import pytest
import zmq

import common.conducted
from common.clock import EventClock, WallClock
from common.codec import decode_reply, encode
from common.config.models import Config
from common.inputs import InputKind, read_inputs
from common.journaled_service import JournaledService
from common.messages import Reply, Request
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from common.runner import EventLoop
from tests.integration.bus.rig import Rig, Station
from tests.integration.bus.tiny_core import PERIOD_NS, TinyCore, quote
from tests.integration.bus.tiny_stack import SECTIONS


class Conducted:
    """The signal service with a tiny core, in lock-step, and who conducts it."""

    def __init__(self, rig: Rig, core: TinyCore) -> None:
        self.rig, self.core = rig, core
        rig.addresses.setdefault(SIGNAL, (rig.address("s.p"), rig.address("s.c")))
        sections = {
            SECTIONS[name]: {"zmq_publish_address": publish, "zmq_command_address": command}
            for name, (publish, command) in rig.addresses.items()
        }
        config = Config.model_validate({"engine": {"data_dir": str(rig.folder / "data")}, **sections})
        self.loop = EventLoop(EventClock())
        self.service = JournaledService(self.loop, config, SIGNAL, core)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.connect(rig.addresses[SIGNAL][1])
        self.asked = 0
        rig.add(self, self.close)

    def turn(self) -> None:
        self.loop.turn(0)

    def close(self) -> None:
        self.context.destroy(linger=0)
        self.service.close()
        self.loop.close()

    def ask(self, name: str, **arguments: Any) -> Reply:
        """Return the answer to a command, turning all parts meanwhile."""
        self.asked += 1
        deadline_ns = WallClock().now_ns() + 60_000_000_000
        self.socket.send(encode(Request(id=str(self.asked), name=name, deadline_ns=deadline_ns, arguments=arguments)))
        self.rig.until(lambda: self.socket.poll(0), f"an answer to {name}")
        return decode_reply(self.socket.recv())


@pytest.fixture
def feed(ipc_rig: Rig) -> Station:
    ipc_rig.station(RISK_MANAGER, journaled=True).publisher.open_journaled("decisions")
    ipc_rig.station(EXECUTION, journaled=True).publisher.open_journaled("reports")
    return ipc_rig.station(MARKET_DATA)


def ready(rig: Rig, core: TinyCore) -> Conducted:
    """Return a conducted service that lets market data in."""
    conducted = Conducted(rig, core)
    rig.until(lambda: conducted.service.subscriber.gate_open, "the gate opens")
    return conducted


def test_what_is_heard_waits_for_its_name_and_takes_the_conductors_time(ipc_rig: Rig, feed: Station) -> None:
    conducted = ready(ipc_rig, TinyCore("maker"))
    feed.say(quote(1), quote(2), quote(3))
    ipc_rig.until(lambda: conducted.service.subscriber.cursors().get("quote.BTCUSDT", (0, 0))[1] == 3, "all arrived")
    assert conducted.core.state.quotes == 0
    reply = conducted.ask("conduct.take", topic="quote.BTCUSDT", number=1, now_ns=77)
    assert (reply.ok, reply.result) == (True, [1, 0, None])
    assert conducted.core.state.quotes == 1
    assert conducted.ask("conduct.take", topic="quote.BTCUSDT", number=2, now_ns=99).ok
    assert conducted.ask("watermark").result == {
        "consumed": {"quote.BTCUSDT": 2}, "published": {"intents": 0},
    }  # fmt: skip
    assert conducted.service.ledger.flush_inputs()
    inputs = [recorded for _, recorded in read_inputs(conducted.service.ledger.inbox, 1)]
    assert [(each.number, each.now_ns) for each in inputs] == [(1, 77), (2, 99)]


def test_a_deadline_is_met_when_the_conductor_says_so(ipc_rig: Rig, feed: Station) -> None:
    conducted = ready(ipc_rig, TinyCore("maker", total=2))
    for _ in range(20):
        ipc_rig.turn()
    assert conducted.core.state.made == 0, "no timer moves the core"
    reply = conducted.ask("conduct.deadline", now_ns=5)
    assert reply.ok
    first, last, due_ns = reply.result
    assert (first, last) == (1, 1)
    assert due_ns == conducted.core.next_deadline_ns() == 5 + PERIOD_NS
    assert conducted.service.ledger.flush_inputs()
    kinds = [(recorded.kind, recorded.now_ns) for _, recorded in read_inputs(conducted.service.ledger.inbox, 1)]
    assert kinds == [(InputKind.DEADLINE, 5)]


def test_a_message_that_never_came_is_said(ipc_rig: Rig, feed: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common.conducted, "ARRIVAL_TIMEOUT_NS", 1_000_000)
    conducted = ready(ipc_rig, TinyCore("maker"))
    reply = conducted.ask("conduct.take", topic="quote.BTCUSDT", number=9, now_ns=1)
    assert not reply.ok
    assert "expected quote.BTCUSDT #9 from the bus, found none" in reply.error
