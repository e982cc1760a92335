"""One stored event: a message as its publisher sent it, and its place in the total order."""

import msgspec

from common.codec import decode
from common.messages import AnyMessage


class Stored(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message in the store.

    sequence: its place in the order of all events, from 1. stored_ns: when the store took it, nanoseconds UTC; never less
    than that of the event before. publisher, topic, incarnation and number: whose message it is in which of that
    service's streams. payload: the message's bytes, as they travelled.
    """

    sequence: int
    stored_ns: int
    publisher: str
    topic: str
    number: int
    payload: bytes
    incarnation: int = 0

    def message(self) -> AnyMessage:
        """Return the message; UndecodableError if this version of the schema does not know it."""
        return decode(self.payload)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Stored)

encode_stored = _encoder.encode
"""Return the bytes of a stored event: a msgpack array in the order of its fields."""


def decode_stored(body: bytes | memoryview) -> Stored:
    """Return the stored event in msgpack bytes; ValueError if they are none."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"no stored event: {error} ({len(body)} bytes)") from error
