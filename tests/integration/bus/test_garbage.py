"""Bytes that are no message of ours are counted, with the reason of the latest, and disturb nothing else."""

import msgspec
import pytest
import zmq

from common.bus.frames import MAX_FRAME_BYTES, encode_header
from common.codec import encode
from common.messages import SCHEMA_VERSION, Heartbeat
from tests.integration.bus.proxy import Faults, FaultyProxy
from tests.integration.bus.rig import Listener, Rig, Station
from tests.integration.bus.test_faults import proxied
from tests.integration.bus.tiny_core import intent

HEADER = encode_header(1, 1, 0)
NEWER = msgspec.msgpack.encode((SCHEMA_VERSION + 1, 1, 1, 0))


def heartbeat(service: str, topic: str = "intents") -> bytes:
    return encode(Heartbeat(service=service, last={topic: (1, 5)}, event_ns=0, received_ns=0))


GARBAGE: dict[str, tuple[list[bytes], str]] = {
    "one frame": ([b"intents"], "expected three frames, found fewer"),
    "two frames": ([b"intents", HEADER], "expected three frames, found fewer"),
    "four frames": ([b"intents", HEADER, b"", b""], "expected three frames, found 4"),
    "many frames": ([b"intents"] * 9, "expected three frames, found 9"),
    "no header": ([b"intents", b"\xc1", b""], "header: expected four integers"),
    "empty header": ([b"intents", b"", b""], "header: expected four integers"),
    "short header": ([b"intents", msgspec.msgpack.encode((1, 2)), b""], "header: expected four integers"),
    "newer header": ([b"intents", NEWER, b""], "is newer than"),
    "topic not in UTF-8": ([b"intents\xff", HEADER, b""], "expected a topic in UTF-8"),
    "heartbeat that is none": ([b"heartbeat.signal", HEADER, b"\xff\xfe"], "b'heartbeat.signal': "),
    "heartbeat of a stranger": ([b"heartbeat.signal", HEADER, heartbeat("nobody")], "expected a heartbeat of signal"),
    "another message as heartbeat": ([b"heartbeat.signal", HEADER, encode(intent(1))], "found OrderIntent("),
}


@pytest.fixture
def parts(ipc_rig: Rig) -> tuple[Rig, Station, FaultyProxy, Listener]:
    station = ipc_rig.station("signal", journaled=True)
    proxy, via = proxied(ipc_rig, station, 0, Faults())
    listener = ipc_rig.listener("intents", via=via)
    ipc_rig.join(listener)
    return ipc_rig, station, proxy, listener


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_counted_and_disturbs_nothing(parts: tuple[Rig, Station, FaultyProxy, Listener], name: str) -> None:
    rig, station, proxy, listener = parts
    frames, reason = GARBAGE[name]
    station.say(intent(1))
    rig.until(lambda: len(listener.got) == 1, "an intent before")
    for _ in range(3):
        proxy.send(*frames)
    station.say(intent(2))
    rig.until(lambda: len(listener.got) == 2, "an intent behind")
    assert listener.messages("intents") == [intent(1), intent(2)]
    assert listener.subscriber.undecodable == 3
    assert reason in listener.subscriber.last_error
    rig.join(listener)


def test_topics_nobody_asked_for_are_ignored(parts: tuple[Rig, Station, FaultyProxy, Listener]) -> None:
    rig, station, proxy, listener = parts
    proxy.send(b"intents.of.another", HEADER, b"")
    station.say(intent(1))
    rig.until(lambda: listener.got, "an intent")
    assert listener.subscriber.undecodable == 0
    assert listener.subscriber.cursors().keys() == {"intents"}


def test_a_heartbeat_with_impossible_numbers_is_survived(parts: tuple[Rig, Station, FaultyProxy, Listener]) -> None:
    rig, station, proxy, listener = parts
    station.say(intent(1))
    rig.until(lambda: listener.got, "an intent")
    incarnation = listener.subscriber.cursors()["intents"][0]
    process = station.publisher._process_incarnation
    last = {"intents": (incarnation, 1 << 62), "intents2": (0, 7)}
    forged = Heartbeat(service="signal", last=last, event_ns=0, received_ns=0)
    proxy.send(b"heartbeat.signal", encode_header(process, 1, 0), encode(forged))
    for _ in range(5):
        rig.turn()
    station.say(intent(2))
    rig.until(lambda: len(listener.got) == 2, "the next intent")
    rig.join(listener)


def test_an_oversized_frame_costs_its_sender_the_connection_and_nothing_else(ipc_rig: Rig) -> None:
    station = ipc_rig.station("signal", journaled=True)
    rogue_address = ipc_rig.address("rogue")
    rogue = zmq.Context()
    socket = rogue.socket(zmq.PUB)
    socket.bind(rogue_address)
    listener = ipc_rig.listener("intents")
    listener.subscriber.socket.connect(rogue_address)
    ipc_rig.join(listener)
    for number in range(1, 6):
        socket.send_multipart([b"intents", HEADER, b"x" * (MAX_FRAME_BYTES + 1)])
        station.say(intent(number))
        ipc_rig.until(lambda number=number: len(listener.got) == number, "an intent")  # type: ignore[misc]  # bound now
    assert listener.subscriber.undecodable == 0
    rogue.destroy(linger=0)
