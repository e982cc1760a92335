"""A journal from any record on, read while its owner may be writing to it; nothing is locked, repaired or moved."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from common.codec import UndecodableError, decode
from common.inputs import Input, InputKind
from common.messages import AnyMessage
from common.records import DamagedRecordError, JournalError, Segment, first_numbers

_decoder = msgspec.msgpack.Decoder(Input)


class Told(NamedTuple):
    """An input as it was journaled. message: None for a deadline."""

    number: int
    recorded: Input
    message: AnyMessage | None


def oldest_record(folder: Path) -> int:
    """Return the number of the oldest record kept, 1 if there is none yet."""
    return next(iter(first_numbers(folder)), 1)


def records(folder: Path, start: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield (number, payload) from record `start` on; it ends with the last one that is whole on the disk.

    Raises:
        JournalError: the record is kept no longer, or one is damaged (names file, offset and record).
    """
    firsts = first_numbers(folder)
    if firsts and start < firsts[0]:
        raise JournalError(f"{folder}: record {start} is gone; the oldest kept is {firsts[0]}")
    for first, after in zip(firsts, [*firsts[1:], None], strict=False):
        if after is not None and after <= start:
            continue
        segment = Segment(folder, first)
        try:
            for number, _, payload in segment.walk(max(first, start)):
                yield number, payload
        except DamagedRecordError as damage:
            if after is None and not segment.goes_on_behind(damage):
                return  # The owner is writing, or a crash cut its last write short.
            raise


def file_of(folder: Path, at_ns: int) -> int:
    """Return the first record of the inbox file in which a service was told what it was told at `at_ns`."""
    firsts = first_numbers(folder) or [1]
    found = firsts[0]
    for first in firsts[1:]:
        head = next(inputs(folder, first), None)
        if head is None or head.recorded.now_ns > at_ns:
            break
        found = first
    return found


def inputs(folder: Path, start: int = 1) -> Iterator[Told]:
    """Yield what a service was told from input `start` on; JournalError also for what is no input of this version."""
    for number, payload in records(folder, start):
        try:
            recorded = _decoder.decode(payload)
            message = None if recorded.kind is InputKind.DEADLINE else decode(recorded.payload)
        except (msgspec.DecodeError, UndecodableError) as error:
            text = f"{folder}: record {number}: expected an input of this version, found {error}"
            raise JournalError(text) from error
        yield Told(number, recorded, message)


def messages(folder: Path, start: int = 1) -> Iterator[tuple[int, AnyMessage]]:
    """Yield what a service answered from output `start` on; JournalError also for what is no message of this version."""
    for number, payload in records(folder, start):
        try:
            yield number, decode(payload)
        except UndecodableError as error:
            text = f"{folder}: record {number}: expected a message of this version, found {error}"
            raise JournalError(text) from error
