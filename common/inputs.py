"""What a service's inbox records: each input of its core with the time the core was told, so that all can be redone."""

from collections.abc import Iterator
from enum import IntEnum

import msgspec

from common.journal import Journal, JournalError


class InputKind(IntEnum):
    """What moved the core."""

    MESSAGE = 0
    DEADLINE = 1
    COMMAND = 2


class Input(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One input. topic, incarnation and number are the sender's (empty and 0 where there is no sender)."""

    kind: InputKind
    now_ns: int
    topic: str = ""
    incarnation: int = 0
    number: int = 0
    payload: bytes = b""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Input)

encode_input = _encoder.encode
"""Return the bytes of an input for the inbox."""


def read_inputs(inbox: Journal, start: int) -> Iterator[tuple[int, Input]]:
    """Yield (number, input) from number `start` on; raises JournalError for damage and for records of another kind."""
    for number, payload in inbox.read(start):
        try:
            yield number, _decoder.decode(payload)
        except msgspec.DecodeError as error:
            raise JournalError(f"{inbox.folder}: record {number} is no input: {error}") from error
