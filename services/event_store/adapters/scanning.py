"""Finding the whole records in a file of the log, also behind damaged ones."""

from collections.abc import Iterator
from typing import NamedTuple

from common.records import FRAME, MAX_RECORD_BYTES, frame
from services.event_store.core.chain import HASH_BYTES
from services.event_store.core.stored import decode_stored

_BODY_BEGINS = FRAME.size + HASH_BYTES
_ARRAY_OF_SEVEN = 0x97
"""First byte of every stored event in msgpack."""


class Piece(NamedTuple):
    """Bytes offset..end of a file: the record `number`, whole, or what cannot be read from there up to event `last`."""

    number: int
    last: int
    offset: int
    end: int
    whole: bool


def scan(data: bytes, first: int) -> Iterator[Piece]:
    """Yield what a file whose first record has the number `first` consists of, in order."""
    number, offset, size = first, 0, len(data)
    while offset < size:
        end = _end_of(data, offset, number)
        if end:
            yield Piece(number, number, offset, end, whole=True)
            number, offset = number + 1, end
            continue
        following, place = _next_whole(data, offset + 1, number)
        yield Piece(number, following - 1, offset, place, whole=False)
        number, offset = following, place


def _end_of(data: bytes, offset: int, number: int) -> int:
    """Return where the record `number` at `offset` ends; 0 if it does not stand there whole."""
    body = offset + FRAME.size
    if body > len(data):
        return 0
    length = FRAME.unpack_from(data, offset)[0]
    end: int = body + length
    if length > MAX_RECORD_BYTES or end > len(data) or data[offset:body] != frame(number, data[body:end]):
        return 0
    return end


def _next_whole(data: bytes, start: int, after: int) -> tuple[int, int]:
    """Return (number, offset) of the first whole record behind event `after` at or behind `start`; else behind the end."""
    place = start
    while (place := data.find(_ARRAY_OF_SEVEN, place + _BODY_BEGINS) - _BODY_BEGINS) >= start:
        number = _claimed(data, place)
        if number > after and _end_of(data, place, number):
            return number, place
        place += 1
    return after + 1, len(data)


def _claimed(data: bytes, place: int) -> int:
    """Return the sequence that a record at `place` would have by its own account; 0 if there is none."""
    length = FRAME.unpack_from(data, place)[0]
    if not HASH_BYTES < length <= MAX_RECORD_BYTES or place + FRAME.size + length > len(data):
        return 0
    try:
        return decode_stored(memoryview(data)[place + _BODY_BEGINS : place + FRAME.size + length]).sequence
    except ValueError:
        return 0
