"""The intake of a service in this process, between stations the test plays: what is lost is told to the core."""

from pathlib import Path

import pytest

from common.codec import decode
from common.config.models import Config
from common.inputs import read_inputs
from common.journaled_service import JournaledService
from common.messages import Bar, BarSource, InputGap
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from common.runner import EventLoop
from tests.integration.bus.rig import Rig
from tests.integration.bus.tiny_core import TinyCore, quote
from tests.integration.bus.tiny_stack import SECTIONS

RING = 5


def bar(number: int) -> Bar:
    return Bar(
        symbol="BTCUSDT",
        timeframe="1m",
        start_ns=number,
        end_ns=number + 1,
        open=1.0,
        high=1.0,
        low=1.0,
        close=1.0,
        volume=1.0,
        trade_count=1,
        source=BarSource.TRADES,
        event_ns=number,
        received_ns=number,
    )


class Living:
    """The signal service with a tiny core, turned by its rig."""

    def __init__(self, rig: Rig) -> None:
        self.loop = EventLoop()
        rig.addresses.setdefault(SIGNAL, (rig.address("s.p"), rig.address("s.c")))
        sections = {
            SECTIONS[name]: {"zmq_publish_address": publish, "zmq_command_address": command}
            for name, (publish, command) in rig.addresses.items()
        }
        config = Config.model_validate({"engine": {"data_dir": str(rig.folder / "data")}, **sections})
        self.core = TinyCore("maker")
        self.service = JournaledService(self.loop, config, SIGNAL, self.core)
        rig.add(self, self.close)
        self._closed = False

    def turn(self) -> None:
        self.loop.turn(0)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.service.close()
            self.loop.close()

    @property
    def is_ready(self) -> bool:
        return self.service.subscriber.gate_open


@pytest.fixture
def stations(ipc_rig: Rig) -> Rig:
    ipc_rig.station(RISK_MANAGER, journaled=True).publisher.open_journaled("decisions")
    ipc_rig.station(EXECUTION, journaled=True).publisher.open_journaled("reports")
    return ipc_rig


def test_what_a_ring_lost_is_an_input_of_the_core(stations: Rig) -> None:
    feed = stations.station(MARKET_DATA, ring_size=RING)
    living = Living(stations)
    stations.until(lambda: living.is_ready, "the gate opens")
    feed.say(bar(1))
    stations.until(lambda: "bar.BTCUSDT.1m" in living.service.ledger.cursors, "the first bar")
    living.service.subscriber.socket.unsubscribe(b"bar.")
    for _ in range(5):
        stations.turn()
    feed.say(*(bar(number) for number in range(2, 21)))
    stations.until(lambda: living.core.state.gaps, "the gap is told")
    assert living.core.state.gaps == 20 - 1 - RING
    assert living.service.subscriber.statistics()["missing"] == 20 - 1 - RING
    assert living.service.ledger.flush_inputs()
    told = [decode(recorded.payload) for _, recorded in read_inputs(living.service.ledger.inbox, 1)]
    [(place, gap)] = [(place, message) for place, message in enumerate(told) if isinstance(message, InputGap)]
    assert told[place + 1] == bar(20 - RING + 1)
    assert (gap.topic, gap.missing) == ("bar.BTCUSDT.1m", 20 - 1 - RING)
    state = living.core.snapshot()
    stations.remove(living)
    living.close()
    again = Living(stations)
    assert again.core.snapshot() == state


def test_hops_are_measured_for_what_comes_directly_only(stations: Rig) -> None:
    feed = stations.station(MARKET_DATA)
    feed.say(bar(1), bar(2))
    living = Living(stations)
    stations.until(lambda: "bar.BTCUSDT.1m" in living.service.ledger.cursors, "bars from before")
    assert sum(living.service.bus.hops.counts) == 0
    feed.say(bar(3))
    stations.until(lambda: living.service.ledger.cursors["bar.BTCUSDT.1m"][1] == 3, "the bar of now")
    assert sum(living.service.bus.hops.counts) == 1
    assert living.service.bus.hops.sum_ns < 5_000_000_000


def test_a_service_tells_its_publishers_what_it_has_taken(stations: Rig) -> None:
    feed = stations.station(MARKET_DATA)
    seen: list[dict[str, object]] = []
    feed.commands.on("stream.seen", lambda arguments, _id: seen.append(arguments))
    living = Living(stations)
    feed.say(quote(1), quote(2))
    stations.until(lambda: seen and seen[-1]["cursors"], "the service tells where it is")
    incarnation = feed.publisher._process_incarnation
    assert seen[0]["takes_market_data"] in (True, False)
    assert seen[-1] == {
        "subscriber": SIGNAL,
        "cursors": {"quote.BTCUSDT": [incarnation, 2]},
        "takes_market_data": True,
    }
    assert living.is_ready


def test_a_service_counts_and_describes_itself(stations: Rig, tmp_path: Path) -> None:
    stations.station(MARKET_DATA)
    living = Living(stations)
    status = living.service.bus.status()
    assert (status["state"], status["detail"]) == ("starting", "waiting for market_data, risk_manager, execution")
    stations.until(lambda: living.is_ready, "the gate opens")
    status = living.service.bus.status()
    assert (status["state"], status["detail"], status["silent"], status["last_error"]) == ("ready", "", [], "")
    assert status["counters"].keys() >= {"received", "gaps", "missing", "duplicates", "inputs", "outputs", "made"}
    living.service.ledger.blocked = "no room"
    assert living.service.bus.status()["state"] == "degraded"
    living.service.ledger.blocked = ""
    living.loop.stop()
    assert living.service.bus.status()["state"] == "stopping"
