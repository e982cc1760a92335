"""A store's projection, kept beside its log: ready again from the latest snapshot and the events behind it.

How it works: `projection/` in the store's folder has a snapshot for each `every` events, bound to the log by the chain's
hash after its last event, so one of another log is never believed. Snapshots are written by whoever comes past: the
running store, or a command that folds the log. They also keep what old events told, once those are deleted.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec

from common.durable import write_whole
from services.event_store.adapters.following import Follower, Place
from services.event_store.adapters.layout import StoreError
from services.event_store.adapters.reading import oldest
from services.event_store.core.chain import HASH_BYTES
from services.event_store.core.projection.fold import Projection
from services.event_store.core.stored import Stored, decode_stored

PROJECTION = "projection"
"""The folder of the snapshots in the store's folder."""
SNAPSHOT_EVERY = 50_000
"""Events between two snapshots: half a second's folding."""
KEPT = 40
"""Snapshots kept; of older ones every second goes, so that any moment of a long log stays near one."""

_SUFFIX = ".snapshot"
_DIGEST_BYTES = 32


class Kept(msgspec.Struct, frozen=True):
    """A projection after event `sequence`, which stands at `place` in the log and has the hash `log_hash`."""

    sequence: int
    log_hash: bytes
    place: Place
    projection: bytes


class ProjectedLog:
    """The projection of the store in `folder`, which is read only but for the snapshots.

    projection: of the events up to `sequence`. chain: that event's hash in the log, empty before the first. writes: whether
    snapshots are written on the way.
    """

    def __init__(
        self, folder: Path, *, up_to: int | None = None, every: int = SNAPSHOT_EVERY, writes: bool = True
    ) -> None:
        """Take up the latest snapshot at or before event `up_to`; `catch_up` goes on from there.

        Raises:
            StoreError: no store is there, or the events that a snapshot would have to stand for are deleted.
        """
        self._folder, self._every, self._writes = folder, every, writes
        self.projection = Projection()
        self.chain = b""
        self._follower = Follower(folder)
        first = oldest(folder)
        self.restored = self._restore(up_to, first)
        if first > self.projection.sequence + 1:
            raise StoreError(
                f"{folder}: events before {first} are deleted, and no snapshot in {PROJECTION}/ stands for them"
            )

    @property
    def sequence(self) -> int:
        """Return the number of the last event folded."""
        return self.projection.sequence

    def catch_up(self, up_to: int | None = None) -> int:
        """Fold what the log has beyond, at most to event `up_to`; return how many events that were.

        Raises:
            StoreError: a record is damaged.
        """
        before = self.sequence
        for place, record in self._follower.records(up_to):
            self.projection.take(_event(self._folder, place, record))
            self.chain = record[:HASH_BYTES]
            if self._writes and place.sequence % self._every == 0:
                self._save(place)
        return self.sequence - before

    def _restore(self, up_to: int | None, first: int) -> int:
        for path in reversed(self._paths()):
            if up_to is not None and int(path.stem) > up_to:
                continue
            kept = _read(path)
            if kept is None or kept.sequence < first - 1 or not self._is_of_this_log(kept, first):
                continue
            with suppress(ValueError):
                self.projection.restore(kept.projection)
                self.chain = kept.log_hash
                return kept.sequence
        self._follower = Follower(self._folder)
        return 0

    def _is_of_this_log(self, kept: Kept, first: int) -> bool:
        """Return whether the log has that event with that hash, or begins behind it; then the follower stands behind it."""
        if kept.sequence < first:
            self._follower = Follower(self._folder)
            return True
        self._follower = Follower(self._folder, kept.place)
        try:
            found = next(self._follower.records(kept.sequence), None)
        except StoreError:
            return False
        return found is not None and found[1][:HASH_BYTES] == kept.log_hash

    def _save(self, place: Place) -> None:
        """Write a snapshot; where that cannot be, the next opening folds more."""
        body = msgspec.msgpack.encode(Kept(self.sequence, self.chain, place, self.projection.snapshot()))
        folder = self._folder / PROJECTION
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
            path = folder / f"{self.sequence:020d}{_SUFFIX}"
            if not path.exists():
                write_whole(path, hashlib.sha256(body).digest() + body)
                self._thin_out()

    def _thin_out(self) -> None:
        paths = self._paths()
        if len(paths) > KEPT:
            for path in paths[1 : KEPT // 2 : 2]:
                path.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        return sorted((self._folder / PROJECTION).glob(f"*{_SUFFIX}"))


def _event(folder: Path, place: Place, record: bytes) -> Stored:
    try:
        return decode_stored(memoryview(record)[HASH_BYTES:])
    except ValueError as error:
        raise StoreError(f"{folder}: record {place.sequence}: {error}") from error


def _read(path: Path) -> Kept | None:
    """Return the snapshot in a file, None if it is damaged or of another version."""
    try:
        data = path.read_bytes()
        digest, body = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        kept = msgspec.msgpack.decode(body, type=Kept)
    except (OSError, msgspec.DecodeError):
        return None
    is_whole = hashlib.sha256(body).digest() == digest and len(kept.log_hash) == HASH_BYTES
    return kept if is_whole and kept.sequence == int(path.stem) else None
