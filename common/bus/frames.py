"""What travels: `topic | header | payload`; the header is a msgpack array, so any language can read it."""

from typing import NamedTuple

import msgspec
import zmq

from common.messages import SCHEMA_VERSION

MAX_FRAME_BYTES = 16_000_000
"""Largest frame a socket takes; ZeroMQ drops the peer that sends more."""
MAX_MESSAGE_BYTES = 4_000_000
"""Largest message a stream carries, so that an answer to a replay request, which holds some, fits into a frame."""
HIGH_WATER_MARK = 50_000
"""Messages a stream's socket queues per peer. Beyond it a PUB drops, the reader sees the gap and asks again."""
COMMAND_HIGH_WATER_MARK = 1_000
"""Requests or replies a command socket queues per peer."""
LINGER_MS = 500
"""How long a closing socket may try to send what it still has."""
PING_INTERVAL_MS = 2_000
PING_TIMEOUT_MS = 10_000
"""Silence on a connection after which ZeroMQ makes it anew: TCP alone does not notice a vanished peer for minutes."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, int, int, int])

HEARTBEAT_TOPIC = "heartbeat."
HEALTH_TOPIC = "health."
HALT_TOPIC = "halt."
OPERATOR_TOPIC = "operator."
"""What was obeyed, after it was written down: for whoever keeps a record; nobody asks for it again."""


class HeaderError(ValueError):
    """A header that is none, or of a newer schema; the text says what was expected and found."""


class FrameError(ValueError):
    """Frames that are no message of the bus; the text says what was expected and found."""


class Received(NamedTuple):
    """A message as it arrived. sent_ns: the publisher's clock when it was first sent, 0 where that is not known any more."""

    topic: str
    incarnation: int
    number: int
    sent_ns: int
    payload: bytes


def encode_header(incarnation: int, number: int, sent_ns: int) -> bytes:
    """Return the header bytes: [schema version, incarnation, number, sent_ns]."""
    return _encoder.encode((SCHEMA_VERSION, incarnation, number, sent_ns))


def decode_header(header: bytes) -> tuple[int, int, int]:
    """Return (incarnation, number, sent_ns).

    Raises:
        HeaderError: not a header, or a schema version above ours.
    """
    try:
        version, incarnation, number, sent_ns = _decoder.decode(header)
    except msgspec.DecodeError as error:
        raise HeaderError(f"header: expected four integers, found {header[:40]!r}: {error}") from error
    if version > SCHEMA_VERSION:
        raise HeaderError(f"header: schema version {version} is newer than {SCHEMA_VERSION}; update this service")
    return incarnation, number, sent_ns


def bound_socket(socket: "zmq.Socket[bytes]", high_water_mark: int, linger_ms: int = LINGER_MS) -> None:
    """Give a socket its bounds; call it before bind or connect."""
    socket.maxmsgsize = MAX_FRAME_BYTES
    socket.sndhwm = socket.rcvhwm = high_water_mark
    socket.linger = linger_ms
    socket.heartbeat_ivl = PING_INTERVAL_MS
    socket.heartbeat_timeout = PING_TIMEOUT_MS
