"""The journal: numbered records in segment files, appended, flushed in groups, read from any number, crash-safe.

How it works: a folder holds files named by the number of their first record (`common/records.py` says how one is
framed). `append` only buffers; `flush` writes everything buffered with one call and, with `sync`, waits for the disk.
A failed write is taken back, the buffer stays, and the next `flush` tries again. On opening, the last file is checked
record by record; a tail that is no whole record is moved aside into a `.damaged` file and named, never silently used.
A damaged record with whole ones behind it was no write cut short: that is an error, and nothing is touched.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from common.durable import LockedError, lock_file, sync_path, write_all, write_whole
from common.records import MARK_EVERY, MAX_RECORD_BYTES, DamagedRecordError, JournalError, Segment, first_numbers, frame

__all__ = ["MAX_RECORD_BYTES", "Journal", "JournalError", "JournalLockedError", "JournalWriteError", "read_folder"]


class JournalLockedError(JournalError):
    """Another process has this journal open."""


class JournalWriteError(JournalError):
    """The disk refused a write (full, read-only, broken). Nothing was lost: the records wait for the next flush."""


class Journal:
    """An append-only, numbered log in `folder`, owned by one process at a time. Numbers start at 1."""

    def __init__(self, folder: Path, *, segment_bytes: int = 64_000_000, sync: bool = False) -> None:
        """Open or create the journal.

        Raises:
            JournalLockedError: another process holds it.
            JournalError: the folder cannot be made or read, or the last file is damaged before its end.
        """
        self.folder = folder
        self.repairs: list[str] = []
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._buffer = bytearray()
        self._unsynced: list[Segment] = []
        self._next = 1
        self._end = 0
        self._fd = -1
        self._lock = _lock(folder)
        try:
            self.incarnation = _incarnation(folder)
            self._segments = [Segment(folder, first) for first in first_numbers(folder) or [1]]
            self._open_last()
        except OSError as error:
            self.abandon()
            raise JournalError(f"{folder}: cannot open the journal: {error.strerror}") from error
        except JournalError:
            self.abandon()
            raise
        self._flushed = self._next - 1

    @property
    def first_number(self) -> int:
        """Return the number of the oldest record kept (the next one's, if the journal is empty)."""
        return self._segments[0].first

    @property
    def last_number(self) -> int:
        """Return the number of the last record appended, flushed or not; 0 before the first."""
        return self._next - 1

    @property
    def has_unflushed(self) -> bool:
        """Return whether records wait for a flush."""
        return bool(self._buffer)

    def append(self, payload: bytes) -> int:
        """Buffer a record; return its number. It is durable only after `flush`."""
        if len(payload) > MAX_RECORD_BYTES:
            raise JournalError(f"{self.folder}: a record of {len(payload)} bytes; at most {MAX_RECORD_BYTES}")
        number, buffer = self._next, self._buffer
        self._segments[-1].mark(number, self._end + len(buffer))
        buffer += frame(number, payload)
        buffer += payload
        self._next = number + 1
        return number

    def extend(self, payloads: Sequence[bytes]) -> int:
        """Buffer records in their order, cheaper than one by one; return the last number. They are durable after `flush`."""
        largest = max(map(len, payloads), default=0)
        if largest > MAX_RECORD_BYTES:
            raise JournalError(f"{self.folder}: a record of {largest} bytes; at most {MAX_RECORD_BYTES}")
        buffer, segment = self._buffer, self._segments[-1]
        for number, payload in enumerate(payloads, self._next):
            if not (number - segment.first) % MARK_EVERY:
                segment.mark(number, self._end + len(buffer))
            buffer += frame(number, payload)
            buffer += payload
        self._next += len(payloads)
        return self._next - 1

    def flush(self) -> None:
        """Write what is buffered, and wait for the disk if the journal was opened with `sync`.

        Raises:
            JournalWriteError: nothing of it counts as written; call again when there is room.
        """
        if not self._buffer:
            return
        try:
            write_all(self._fd, self._buffer, self._end)
            if self._sync:
                os.fdatasync(self._fd)
        except OSError as error:
            # What a failed cut leaves behind is overwritten by the next flush, or set aside by the next opening.
            with suppress(OSError):
                os.ftruncate(self._fd, self._end)
            raise _write_error(self._segments[-1].path, f"cannot write {len(self._buffer)} bytes", error) from error
        self._end += len(self._buffer)
        self._buffer.clear()
        self._flushed = self._next - 1
        if self._end >= self._segment_bytes:
            # Without a new file the old one grows; the next flush tries again.
            with suppress(OSError):
                self._start_segment()

    def flush_to_disk(self) -> None:
        """Flush and wait for the disk, whatever the journal was opened with; raises JournalWriteError."""
        self.flush()
        try:
            for segment in self._unsynced:
                sync_path(segment.path)
            os.fdatasync(self._fd)
            sync_path(self.folder)
        except OSError as error:
            raise _write_error(self._segments[-1].path, "cannot reach the disk", error) from error
        self._unsynced.clear()

    def read(self, start: int, limit: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Return (number, payload) from record `start` on, flushed ones only, at most `limit`.

        Raises:
            JournalError: the record is no longer kept, or a file is damaged (names file, offset and record).
        """
        if start < self.first_number:
            raise JournalError(f"{self.folder}: record {start} is gone; the oldest kept is {self.first_number}")
        return self._records(start, self._flushed if limit is None else min(self._flushed, start + limit - 1))

    def drop_before(self, number: int, keep_segments: int = 0) -> int:
        """Delete whole files whose records all lie before `number`, but for the latest `keep_segments` of them.

        Returns how many files went; JournalError if one cannot be deleted.
        """
        old = sum(after.first <= number for after in self._segments[1:])
        doomed = max(0, old - keep_segments)
        for _ in range(doomed):
            path = self._segments[0].path
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise JournalError(f"{path}: cannot delete it: {error.strerror}") from error
            self._unsynced = [segment for segment in self._unsynced if segment is not self._segments[0]]
            del self._segments[0]
        return doomed

    def close(self) -> None:
        """Flush and let go of the files and the lock; a second call does nothing. Raises JournalWriteError."""
        if self._fd < 0:
            return
        try:
            self.flush()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the files and the lock without writing what is buffered, as a crash would."""
        for fd in (self._fd, self._lock):
            if fd >= 0:
                os.close(fd)
        self._fd = self._lock = -1

    def _records(self, start: int, last: int) -> Iterator[tuple[int, bytes]]:
        segments = list(self._segments)
        for segment, after in zip(segments, [*segments[1:], None], strict=True):
            if start > last:
                return
            if after is not None and after.first <= start:
                continue
            end = self._end if segment is self._segments[-1] else None
            for number, _, payload in segment.walk(start, end):
                yield number, payload
                start = number + 1
                if start > last:
                    return
            _check_joint(segment, start, after)

    def _open_last(self) -> None:
        last = self._segments[-1]
        self._fd = os.open(last.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._next = last.first
        try:
            for number, offset, _ in last.walk(last.first):
                self._next, self._end = number + 1, offset
        except DamagedRecordError as damage:
            if last.goes_on_behind(damage):
                raise JournalError(
                    f"{damage}, and whole records follow; put back a copy of the file, or cut it at byte "
                    f"{damage.offset} to go on behind record {self.last_number} without what followed"
                ) from damage
            self._quarantine_tail(last.path)

    def _quarantine_tail(self, path: Path) -> None:
        tail = os.pread(self._fd, os.fstat(self._fd).st_size - self._end, self._end)
        again = 0
        while (aside := path.with_suffix(f".damaged-{self._end}-{again}")).exists():
            again += 1
        aside.write_bytes(tail)
        os.ftruncate(self._fd, self._end)
        text = f"{path}: {len(tail)} bytes after record {self.last_number} were no whole record; moved to {aside.name}"
        self.repairs.append(text)

    def _start_segment(self) -> None:
        fresh = Segment(self.folder, self._next)
        fd = os.open(fresh.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.close(self._fd)
        self._fd, self._end = fd, 0
        if self._sync:
            sync_path(self.folder)
        else:
            self._unsynced.append(self._segments[-1])
        self._segments.append(fresh)


def read_folder(folder: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (number, payload) of a journal that may be in use by its owner; a torn tail ends it.

    Raises:
        JournalError: a file before the last is damaged (names file and offset).
    """
    segments = [Segment(folder, first) for first in first_numbers(folder)]
    for segment, after in zip(segments, [*segments[1:], None], strict=False):
        number = segment.first
        try:
            for number, _, payload in segment.walk(segment.first):
                yield number, payload
        except DamagedRecordError:
            if after is None:
                return
            raise
        _check_joint(segment, number + 1, after)


def _write_error(path: Path, what: str, error: OSError) -> JournalWriteError:
    return JournalWriteError(f"{path}: {what}: {error.strerror}")


def _check_joint(segment: Segment, following: int, after: Segment | None) -> None:
    if after is not None and following != after.first:
        raise JournalError(f"{segment.path}: ends before record {following}, the next file begins with {after.first}")


def _lock(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return lock_file(folder / "lock")
    except LockedError as error:
        raise JournalLockedError(f"{folder}: in use by process {error}; one process at a time") from error
    except OSError as error:
        raise JournalError(f"{folder}: cannot make the journal's folder or lock: {error.strerror}") from error


def _incarnation(folder: Path) -> int:
    """Return the number that tells this journal from any other; made when the journal is."""
    path = folder / "incarnation"
    if path.exists():
        text = path.read_bytes().decode(errors="replace")
        if not text.isdecimal():
            raise JournalError(f"{path}: expected a number, found {text[:40]!r}; put back a copy of the file")
        return int(text)
    number = int.from_bytes(os.urandom(7), "little") + 1
    write_whole(path, str(number).encode())
    return number
