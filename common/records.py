"""Numbered records in a file: how one is framed, how a file is walked, and what tells a torn tail from damage.

A record is `length | crc | payload`: two little-endian uint32, then the bytes. The crc covers the record's number and
its payload, so a whole record in the wrong place is damage too.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

MAX_RECORD_BYTES = 16_000_000
"""Largest record; a longer length in a file is damage."""
MARK_EVERY = 256
"""Records between two remembered offsets of a file, so that its recent end is found without reading the rest."""
FRAME = struct.Struct("<II")
SUFFIX = ".log"

_NUMBER = struct.Struct("<Q")
_NAME_DIGITS = 20
_READ_BYTES = 262_144
_SEARCH_BYTES = 1_048_576
"""How far behind a damaged record the next whole one is looked for."""


class JournalError(Exception):
    """The journal cannot be used as asked; the text names the file."""


class DamagedRecordError(JournalError):
    """A record is no whole record, or not the one that belongs there."""

    def __init__(self, path: Path, number: int, offset: int) -> None:
        super().__init__(f"{path}: record {number} at byte {offset} is damaged")
        self.number = number
        self.offset = offset


def frame(number: int, payload: bytes) -> bytes:
    """Return what stands before a record's payload."""
    return FRAME.pack(len(payload), crc32(payload, crc32(_NUMBER.pack(number))))


def path_of(folder: Path, first: int) -> Path:
    """Return the file whose first record has the number `first`."""
    return folder / f"{first:0{_NAME_DIGITS}d}{SUFFIX}"


def first_numbers(folder: Path) -> list[int]:
    """Return the numbers of the first records of the files in a folder, in order; JournalError for a foreign name."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        if not (path.stem.isdecimal() and len(path.stem) == _NAME_DIGITS):
            raise JournalError(f"{path}: expected a name of {_NAME_DIGITS} digits; this file is not the journal's")
        found.append(int(path.stem))
    return sorted(found)


class Segment:
    """One file of records, from number `first` on, and the offsets remembered of it."""

    __slots__ = ("first", "marks", "path")

    def __init__(self, folder: Path, first: int) -> None:
        self.first = first
        self.path = path_of(folder, first)
        self.marks = [0]

    def mark(self, number: int, offset: int) -> None:
        """Remember where a record begins, if it is one of those that are remembered."""
        if number - self.first == len(self.marks) * MARK_EVERY:
            self.marks.append(offset)

    def walk(self, start: int, end: int | None = None) -> Iterator[tuple[int, int, bytes]]:
        """Yield (number, offset behind it, payload) of the whole records from `start` on, up to offset `end` (None: all).

        Raises:
            DamagedRecordError: at the first that is not whole.
            JournalError: the file cannot be read.
        """
        known = min((start - self.first) // MARK_EVERY, len(self.marks) - 1)
        number, offset = self.first + known * MARK_EVERY, self.marks[known]
        try:
            with self.path.open("rb", buffering=_READ_BYTES) as file:
                stop = self.path.stat().st_size if end is None else end
                file.seek(offset)
                while offset < stop:
                    head = file.read(FRAME.size)
                    body = offset + FRAME.size
                    length = FRAME.unpack(head)[0] if body <= stop else MAX_RECORD_BYTES + 1
                    whole = length <= MAX_RECORD_BYTES and body + length <= stop
                    payload = file.read(length) if whole else b""
                    if not whole or head != frame(number, payload):
                        raise DamagedRecordError(self.path, number, offset)
                    self.mark(number, offset)
                    offset = body + length
                    if number >= start:
                        yield number, offset, payload
                    number += 1
        except OSError as error:
            raise JournalError(f"{self.path}: cannot read it: {error.strerror}") from error

    def goes_on_behind(self, damage: DamagedRecordError) -> bool:
        """Return whether the next record stands whole behind a damaged one: then it was no write cut short."""
        with self.path.open("rb") as file:
            file.seek(damage.offset)
            tail = file.read(MAX_RECORD_BYTES + _SEARCH_BYTES)
        if len(tail) < FRAME.size:
            return False
        stepped = FRAME.size + FRAME.unpack_from(tail)[0]
        near = range(1, min(len(tail), _SEARCH_BYTES))
        return any(_stands_whole(tail, place, damage.number + 1) for place in (stepped, *near))


def _stands_whole(data: bytes, place: int, number: int) -> bool:
    body = place + FRAME.size
    if body > len(data):
        return False
    length = FRAME.unpack_from(data, place)[0]
    if body + length > len(data):
        return False
    return data[place:body] == frame(number, data[body : body + length])
