"""A journal of an ended session, read only: nothing is repaired, locked for long, or moved aside."""

import os
from collections.abc import Iterator
from pathlib import Path

from common.durable import LockedError, lock_file
from common.records import FRAME, MAX_RECORD_BYTES, DamagedRecordError, JournalError, Segment, first_numbers


class ReadJournal:
    """The records in `folder`. torn: what a crash left behind the last whole record, in words; empty if nothing."""

    def __init__(self, folder: Path) -> None:
        """Look at the folder; JournalError if it is none, or if a running service writes to it."""
        if not folder.is_dir():
            raise JournalError(f"{folder}: expected a journal, found no folder")
        self.folder = folder
        self.torn = ""
        _refuse_if_open(folder)
        self._segments = [Segment(folder, first) for first in first_numbers(folder)]

    @property
    def first_number(self) -> int:
        """Return the number of the oldest record kept, 1 if there is none."""
        return self._segments[0].first if self._segments else 1

    def read(self, start: int = 1) -> Iterator[tuple[int, bytes]]:
        """Yield (number, payload) of the records from `start` on.

        Raises:
            DamagedRecordError: at a record that is whole in length and not in content, or with whole ones behind it.
            JournalError: a file is missing or cannot be read.
        """
        expected = self._segments[0].first if self._segments else 1
        for segment in self._segments:
            if segment.first != expected:
                raise JournalError(f"{segment.path}: expected a file that begins with record {expected}, found none")
            try:
                for number, _, payload in segment.walk(segment.first):
                    expected = number + 1
                    if number >= start:
                        yield number, payload
            except DamagedRecordError as damage:
                if segment is not self._segments[-1] or not _is_cut_short(segment.path, damage.offset):
                    raise
                size = segment.path.stat().st_size - damage.offset
                self.torn = f"{segment.path}: {size} bytes behind record {expected - 1} are no whole record"


def _is_cut_short(path: Path, offset: int) -> bool:
    """Return whether the file ends inside the record at `offset`: then its writing was cut short."""
    with path.open("rb") as file:
        file.seek(offset)
        head = file.read(FRAME.size)
    if len(head) < FRAME.size:
        return True
    length = FRAME.unpack(head)[0]
    return bool(length <= MAX_RECORD_BYTES and offset + FRAME.size + length > path.stat().st_size)


def _refuse_if_open(folder: Path) -> None:
    lock = folder / "lock"
    if not lock.exists():
        return
    try:
        holder = lock.read_bytes()
        os.close(lock_file(lock))
        lock.write_bytes(holder)
    except LockedError as error:
        raise JournalError(f"{folder}: expected an ended session, found it in use by process {error}") from error
    except PermissionError:
        return  # A copy that must not be written to has no writer either.
