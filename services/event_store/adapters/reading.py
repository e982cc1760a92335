"""Reading a store's folder without the service, also while the service writes to it."""

from collections.abc import Iterator
from pathlib import Path

from common.records import DamagedRecordError, Segment, first_numbers, path_of
from services.event_store.adapters.layout import EVENTS, StoreError
from services.event_store.core.chain import HASH_BYTES
from services.event_store.core.stored import Stored, decode_stored

__all__ = ["StoreError", "files_of", "log_bytes", "newest", "oldest", "read", "read_chained", "records"]


def read(path: Path, from_sequence: int = 1, to_sequence: int | None = None) -> Iterator[Stored]:
    """Yield the events of the store in `path` (such as `var/event_store`), both ends included, the oldest first.

    It ends with the last event that is whole on the disk; call it again for what came later. Nothing is checked but the
    checksum of each record; `orrery events verify` checks the chain.

    Raises:
        StoreError: no store is there, `from_sequence` is kept no longer, or a record is damaged (names file and record).
    """
    for _, event in read_chained(path, from_sequence, to_sequence):
        yield event


def read_chained(path: Path, from_sequence: int = 1, to_sequence: int | None = None) -> Iterator[tuple[bytes, Stored]]:
    """Yield (hash, event) as `read` does."""
    for number, record in records(path, from_sequence, to_sequence):
        try:
            event = decode_stored(memoryview(record)[HASH_BYTES:])
        except ValueError as error:
            raise StoreError(f"{path}: record {number}: {error}") from error
        yield record[:HASH_BYTES], event


def records(path: Path, from_sequence: int = 1, to_sequence: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield (sequence, record) as `read` does."""
    firsts = files_of(path)
    if from_sequence < firsts[0]:
        raise StoreError(f"{path}: event {from_sequence} is gone; the oldest kept is {firsts[0]}")
    for first, after in zip(firsts, [*firsts[1:], None], strict=True):
        if (after is not None and after <= from_sequence) or (to_sequence is not None and first > to_sequence):
            continue
        segment, following = Segment(path / EVENTS, first), max(first, from_sequence)
        try:
            for number, _, record in segment.walk(following):
                if to_sequence is not None and number > to_sequence:
                    return
                yield number, record
                following = number + 1
        except DamagedRecordError as damage:
            if after is None and not segment.goes_on_behind(damage):
                return
            raise StoreError(str(damage)) from damage
        if after is not None and following != after:
            raise StoreError(f"{segment.path}: ends before event {following}, the next file begins with {after}")


def oldest(path: Path) -> int:
    """Return the sequence of the oldest event kept (of the next one, if there is none yet); StoreError without a store."""
    return files_of(path)[0]


def log_bytes(path: Path) -> int:
    """Return the size of the log's files, in bytes; StoreError without a store."""
    return sum(path_of(path / EVENTS, first).stat().st_size for first in files_of(path))


def files_of(path: Path) -> list[int]:
    """Return the first event of each file of the log; StoreError without a store."""
    firsts = first_numbers(path / EVENTS)
    if not firsts:
        raise StoreError(f"{path}: no event store here; it is the folder event_store in engine.data_dir")
    return firsts


def newest(path: Path) -> int:
    """Return the sequence of the last whole event on the disk; the one before the oldest if there is none."""
    first = files_of(path)[-1]
    return first - 1 + sum(1 for _ in records(path, first))
