"""Readers that do not keep up: the publisher's memory stays bounded, what they miss is counted, order flow comes whole."""

import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest

from common.bus import publisher, subscriber
from common.bus.readers import FORGOTTEN_AFTER_MS, LAG_WARNING, READERS_LIMIT, Readers
from common.messages import OrderIntent
from tests.integration.bus.rig import Rig
from tests.integration.bus.test_streams import trade
from tests.integration.bus.tiny_core import intent, quote

ROOT = Path(__file__).resolve().parents[3]
COUNT = 20_000
FEW = 1_500
SMALL = 100


@pytest.fixture
def small_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sockets queue SMALL messages, so that a test need not send gigabytes."""
    monkeypatch.setattr(publisher, "HIGH_WATER_MARK", SMALL)
    monkeypatch.setattr(subscriber, "HIGH_WATER_MARK", SMALL)


def bulky(number: int) -> OrderIntent:
    """Return an intent so long that the kernel's buffers do not hold many."""
    return msgspec.structs.replace(intent(number), reason="x" * 20_000)


def memory_bytes() -> int:
    """Return what this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.usefixtures("small_queues")
def test_order_flow_comes_whole_to_a_reader_that_paused(rig: Rig) -> None:
    station = rig.station("signal", journaled=True, ring_size=SMALL)
    reader = rig.listener("intents")
    rig.join(reader)
    rig.remove(reader)
    station.say(*(bulky(number) for number in range(1, FEW)))
    rig.resume(reader)
    station.say(bulky(FEW))
    rig.until(lambda: len(reader.got) == FEW, "everything")
    assert reader.numbers("intents") == list(range(1, FEW + 1))
    statistics = reader.subscriber.statistics()
    assert statistics["gaps"] > 0
    assert statistics["recovered"] > 0
    assert statistics["missing"] == 0


@pytest.mark.usefixtures("small_queues")
def test_the_publishers_memory_is_bounded(ipc_rig: Rig) -> None:
    station = ipc_rig.station("market_data", ring_size=SMALL)
    reader = ipc_rig.listener("trade.")
    ipc_rig.join(reader)
    ipc_rig.remove(reader)
    for number in range(1, COUNT // 2):
        station.say(trade(number))
    before = memory_bytes()
    for number in range(COUNT // 2, COUNT * 2):
        station.say(trade(number))
    # 30 000 trades of 150 bytes would be 4.5 MB in payloads alone, and three times that in ZeroMQ's frames.
    assert memory_bytes() - before < 2_000_000
    ipc_rig.resume(reader)
    station.say(trade(COUNT * 2))
    ipc_rig.until(lambda: reader.got and reader.got[-1].number == COUNT * 2, "the last trade")
    numbers = reader.numbers("trade.BTCUSDT")
    assert numbers == sorted(set(numbers))
    statistics = reader.subscriber.statistics()
    assert statistics["missing"] == COUNT * 2 - len(numbers) > 0
    assert statistics["gaps"] > 0


READER = """
    import sys, zmq
    from common.bus.peers import Peer, Peers
    from common.bus import subscriber
    from common.clock import WallClock
    subscriber.HIGH_WATER_MARK = 100
    context = zmq.Context()
    peer = Peer("signal", context.socket(zmq.DEALER))
    peers = Peers([peer], WallClock(), 60_000)
    reader = subscriber.Subscriber(context.socket(zmq.SUB), peers, "risk_manager", ("intents",))
    reader.socket.connect(sys.argv[1])
    peer.socket.connect(sys.argv[2])
    poller = zmq.Poller()
    poller.register(reader.socket, zmq.POLLIN)
    poller.register(peer.socket, zmq.POLLIN)
    taken, synced = 0, False
    while taken < int(sys.argv[3]):
        poller.poll(100)
        for received in reader.drain():
            taken += 1
            assert received.number == taken, (received.number, taken)
        if not synced and reader.is_synced():
            synced = True
            print("synced", flush=True)
    print(reader.statistics()["gaps"], reader.statistics()["missing"], flush=True)
    context.destroy(linger=0)
"""


@pytest.mark.usefixtures("small_queues")
def test_a_stopped_process_catches_up(rig: Rig) -> None:
    station = rig.station("signal", journaled=True)
    arguments = [sys.executable, "-c", textwrap.dedent(READER), *station.addresses, str(FEW)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout
        os.set_blocking(said.fileno(), False)
        rig.until(lambda: said.readline() == b"synced\n", "the reader is synced")
        process.send_signal(signal.SIGSTOP)
        station.say(*(bulky(number) for number in range(1, FEW + 1)))
        process.send_signal(signal.SIGCONT)
        rig.until(lambda: process.poll() is not None, "the reader has everything")
        gaps, missing = map(int, said.read().split())
    assert (process.returncode, missing) == (0, 0)
    assert gaps > 0


def seen(reader: str, cursors: dict[str, object], *, market_data: bool = True) -> dict[str, object]:
    return {"subscriber": reader, "cursors": cursors, "takes_market_data": market_data}


def test_a_reader_that_hangs_falls_further_behind(ipc_rig: Rig) -> None:
    station = ipc_rig.station("market_data")
    readers = Readers(station.publisher)
    station.say(*(quote(number) for number in range(1, 11)))
    incarnation = station.publisher._process_incarnation
    readers.seen(seen("signal", {"quote.BTCUSDT": [incarnation, 8]}), 100)
    readers.seen(seen("execution", {"quote.BTCUSDT": [incarnation, 10]}, market_data=False), 100)
    assert readers.status() == {
        "signal": {"lag": 2, "seen_ms": 100, "takes_market_data": True},
        "execution": {"lag": 0, "seen_ms": 100, "takes_market_data": False},
    }
    assert readers.largest_lag(["signal"], since_ms=0) == 2
    assert readers.largest_lag(["signal", "execution"], since_ms=0) is None
    assert readers.largest_lag(["signal", "nobody"], since_ms=0) is None
    assert readers.largest_lag(["signal"], since_ms=101) is None
    assert readers.slow() == []
    for number in range(LAG_WARNING):
        station.say(quote(number))
    assert readers.lags() == {"signal": LAG_WARNING + 2, "execution": LAG_WARNING}
    assert readers.slow() == ["signal"]


def test_readers_are_forgotten_and_bounded(ipc_rig: Rig) -> None:
    readers = Readers(ipc_rig.station("market_data").publisher)
    readers.seen(seen("gone", {}), 0)
    for number in range(READERS_LIMIT + 10):
        readers.seen(seen(f"reader-{number}", {}), FORGOTTEN_AFTER_MS + 1 + number)
    assert len(readers.status()) == READERS_LIMIT
    assert "gone" not in readers.status()
    assert "reader-9" not in readers.status()


def test_a_reader_ahead_of_us_is_told(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True)
    station.say(intent(1))
    assert station.outbox is not None
    readers = Readers(station.publisher)
    readers.seen(seen("risk_manager", {"intents": [station.outbox.incarnation, 3]}), 0)
    assert (readers.ahead(), readers.lags()) == (["risk_manager"], {"risk_manager": 0})


@pytest.mark.parametrize("cursors", [7, {"intents": 7}, {"intents": [1]}, {"intents": ["a", "b"]}])
def test_a_sign_of_life_that_is_none_is_refused(ipc_rig: Rig, cursors: object) -> None:
    readers = Readers(ipc_rig.station("market_data").publisher)
    with pytest.raises(ValueError, match="Expected"):
        readers.seen({"subscriber": "x", "cursors": cursors}, 0)
