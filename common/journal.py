"""The journal: numbered records in segment files, appended, flushed in groups, read from any number, crash-safe.

How it works: a folder holds files named by the number of their first record. A record is `length | crc | payload`
(two little-endian uint32; the crc covers the record's number and payload, so a record in the wrong place is damage).
`append` only buffers; `flush` writes everything buffered with one call and, with `sync`, waits for the disk. A failed
write is taken back, the buffer stays, and the next `flush` tries again. On opening, the last file is checked record
by record; what follows the last good record is moved aside into a `.damaged` file and named, never silently used.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

_FRAME = struct.Struct("<II")
_NUMBER = struct.Struct("<Q")
_NAME_DIGITS = 20
MAX_RECORD_BYTES = 16_000_000
"""Largest record; a longer length in a file is damage."""


class JournalError(Exception):
    """The journal cannot be used as asked; the text names the file."""


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
            JournalError: the folder cannot be made or read.
        """
        self.folder = folder
        self.repairs: list[str] = []
        self._segment_bytes = segment_bytes
        self._sync = sync
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(f"{folder}: cannot make the journal's folder: {error.strerror}") from error
        self._lock = _lock(folder)
        self.incarnation = _incarnation(folder)
        self._segments = sorted(int(path.stem) for path in folder.glob("*.log"))
        self._buffer = bytearray()
        self._open_last()

    @property
    def first_number(self) -> int:
        """Return the number of the oldest record kept (the next one's, if the journal is empty)."""
        return self._segments[0]

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
        number = self._next
        self._buffer += _FRAME.pack(len(payload), _crc(number, payload))
        self._buffer += payload
        self._next = number + 1
        return number

    def flush(self) -> None:
        """Write what is buffered, and wait for the disk if the journal was opened with `sync`.

        Raises:
            JournalWriteError: nothing of it counts as written; call again when there is room.
        """
        if not self._buffer:
            return
        try:
            _write_all(self._fd, self._buffer, self._end)
            if self._sync:
                os.fdatasync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, self._end)
            path = self._path(self._segments[-1])
            raise JournalWriteError(f"{path}: cannot write {len(self._buffer)} bytes: {error.strerror}") from error
        self._end += len(self._buffer)
        self._buffer.clear()
        if self._end >= self._segment_bytes:
            self._start_segment()

    def read(self, start: int, limit: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield (number, payload) from record `start` on, flushed ones only, at most `limit`.

        Raises:
            JournalError: the record is no longer kept, or a file is damaged (names file, offset and record).
        """
        if start < self.first_number:
            raise JournalError(f"{self.folder}: record {start} is gone; the oldest kept is {self.first_number}")
        following = [*self._segments[1:], None]
        left = -1 if limit is None else limit
        for first, after in zip(list(self._segments), following, strict=True):
            if after is not None and after <= start:
                continue
            end = self._end if after is None else None
            for number, payload in _scan(self._path(first), first, end):
                if number < start:
                    continue
                if left == 0:
                    return
                left -= 1
                yield number, payload

    def drop_before(self, number: int, keep_segments: int = 0) -> int:
        """Delete whole files whose records all lie before `number`, but for the latest `keep_segments` of them.

        Returns how many files went.
        """
        old = [first for first, after in zip(self._segments, self._segments[1:], strict=False) if after <= number]
        doomed = old[: max(0, len(old) - keep_segments)]
        for first in doomed:
            self._path(first).unlink()
        self._segments = self._segments[len(doomed) :]
        return len(doomed)

    def close(self) -> None:
        """Flush and let go of the files and the lock."""
        try:
            self.flush()
        finally:
            os.close(self._fd)
            os.close(self._lock)

    def _path(self, first: int) -> Path:
        return self.folder / f"{first:0{_NAME_DIGITS}d}.log"

    def _open_last(self) -> None:
        if not self._segments:
            self._next = 1
            self._segments = [1]
        first = self._segments[-1]
        self._fd = os.open(self._path(first), os.O_RDWR | os.O_CREAT, 0o600)
        number, self._end = first - 1, 0
        for number, payload in _scan(self._path(first), first, None, stop_at_damage=True):
            self._end += _FRAME.size + len(payload)
        self._next = number + 1
        self._quarantine_tail()

    def _quarantine_tail(self) -> None:
        size = os.fstat(self._fd).st_size
        if size == self._end:
            return
        path = self._path(self._segments[-1])
        aside = path.with_suffix(f".damaged-{self._end}")
        aside.write_bytes(os.pread(self._fd, size - self._end, self._end))
        os.ftruncate(self._fd, self._end)
        self.repairs.append(
            f"{path}: {size - self._end} bytes after record {self.last_number} were no whole record; moved to {aside.name}"
        )

    def _start_segment(self) -> None:
        os.close(self._fd)
        self._segments.append(self._next)
        self._fd = os.open(self._path(self._next), os.O_RDWR | os.O_CREAT, 0o600)
        self._end = 0


def read_folder(folder: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (number, payload) of a journal that may be in use by its owner; a torn tail ends it.

    Raises:
        JournalError: a file before the last is damaged (names file and offset).
    """
    segments = sorted(int(path.stem) for path in folder.glob("*.log"))
    for first in segments:
        path = folder / f"{first:0{_NAME_DIGITS}d}.log"
        yield from _scan(path, first, None, stop_at_damage=first == segments[-1])


def _crc(number: int, payload: bytes) -> int:
    return crc32(payload, crc32(_NUMBER.pack(number)))


def _write_all(fd: int, data: bytearray, offset: int) -> None:
    view, written = memoryview(data), 0
    with view:
        while written < len(data):
            written += os.pwrite(fd, view[written:], offset + written)


def _scan(path: Path, first: int, end: int | None, *, stop_at_damage: bool = False) -> Iterator[tuple[int, bytes]]:
    """Yield the records of one file up to offset `end` (None: all of it)."""
    data = path.read_bytes()
    stop = len(data) if end is None else end
    offset, number = 0, first
    while offset < stop:
        body = offset + _FRAME.size
        length, crc = _FRAME.unpack_from(data, offset) if body <= stop else (MAX_RECORD_BYTES + 1, 0)
        payload = data[body : body + length]
        whole = length <= MAX_RECORD_BYTES and body + length <= stop
        if not whole or crc != _crc(number, payload):
            if stop_at_damage:
                return
            raise JournalError(f"{path}: record {number} at byte {offset} is damaged")
        yield number, payload
        offset, number = body + length, number + 1


def _lock(folder: Path) -> int:
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(fd, 32, 0).decode(errors="replace").strip()
        os.close(fd)
        raise JournalLockedError(f"{folder}: in use by process {holder or 'unknown'}; one process at a time") from error
    os.ftruncate(fd, 0)
    os.pwrite(fd, str(os.getpid()).encode(), 0)
    return fd


def _incarnation(folder: Path) -> int:
    """Return the number that tells this journal from any other; made when the journal is."""
    path = folder / "incarnation"
    if path.exists():
        return int(path.read_text())
    number = int.from_bytes(os.urandom(7), "little") + 1
    scratch = path.with_suffix(".new")
    scratch.write_text(str(number))
    scratch.replace(path)
    return number
