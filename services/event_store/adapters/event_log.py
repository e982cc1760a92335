"""The store's log on the disk: appended in groups, cut at its torn tail, shortened at its old end.

How it works: the log is a journal (`common/journal.py`) whose record numbers are the events' sequence and whose records
are chained by hashes. Each record names the number its publisher gave it, so the store's place in every stream is
written in the same stroke as the event: a crash neither loses nor doubles one. A snapshot saves a start from reading
all; the records behind it are read and held against the chain.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from common.bus.frames import Received
from common.config.models import EngineSection, EventStoreSection
from common.journal import Journal, JournalWriteError
from common.snapshots import Snapshot, SnapshotStore
from services.event_store.adapters.layout import EVENTS, SNAPSHOTS, StoreError, read_anchor
from services.event_store.core.chain import HASH_BYTES
from services.event_store.core.sequencer import ChainError, Sequencer

SNAPSHOT_EVERY = 100_000
"""Events after which the place is written down, so that a start reads at most so many."""


class LogSettings(NamedTuple):
    """How events are written. sync: wait for the disk at each commit. commit_events, commit_ns: the bounds of a group."""

    segment_bytes: int = 64_000_000
    sync: bool = False
    commit_events: int = 1_000
    commit_ns: int = 10_000_000


DEFAULTS = LogSettings()


def settings_of(engine: EngineSection, section: EventStoreSection) -> LogSettings:
    """Return what the configuration says."""
    return LogSettings(
        section.segment_bytes,
        engine.durability == "power",
        section.commit_events,
        section.commit_interval_ms * 1_000_000,
    )


class EventLog:
    """The only writer of the store in `folder`. blocked: why the disk refused the latest write, empty if it did not."""

    def __init__(self, folder: Path, settings: LogSettings = DEFAULTS) -> None:
        """Open the log and go on behind its last whole event; `repairs` names what was moved aside.

        Raises:
            JournalLockedError: another process has it open (names the folder and the process).
            JournalError: the log is damaged before its end, or is not the one its snapshot was made of.
        """
        self.folder, self._settings = folder, settings
        self.journal = Journal(folder / EVENTS, segment_bytes=settings.segment_bytes, sync=settings.sync)
        try:
            self._snapshots = SnapshotStore(folder / SNAPSHOTS)
            self.sequencer = Sequencer()
            self.recovered = self._recover()
        except OSError as error:
            self.journal.abandon()
            raise StoreError(f"{folder}: cannot open the store: {error.strerror}") from error
        except BaseException:
            self.journal.abandon()
            raise
        self.repairs = [*self.journal.repairs, *self._snapshots.repairs]
        self.blocked = ""
        self._pending = self._first_pending_ns = 0
        self._unsaved = self.recovered
        self.committed = self.sequencer.sequence
        self.commits = 0

    def append(self, publisher: str, received: Received, now_ns: int) -> bool:
        """Buffer an event; return whether its group is full, so that the caller may commit it."""
        topic, incarnation, number, _, payload = received
        self.journal.append(self.sequencer.take(publisher, topic, (incarnation, number), payload, now_ns))
        if not self._pending:
            self._first_pending_ns = now_ns
        self._pending += 1
        return self.is_full

    def extend(self, arrived: Sequence[Received], now_ns: int) -> list[bytes]:
        """Buffer events of streams, at most a group of them; return their records. Commit when `is_full` says so."""
        records = self.sequencer.take_all(arrived, now_ns)
        self.journal.extend(records)
        if not self._pending:
            self._first_pending_ns = now_ns
        self._pending += len(records)
        return records

    @property
    def is_full(self) -> bool:
        """Return whether the group under way is complete."""
        return self._pending >= self._settings.commit_events

    @property
    def snapshot_due(self) -> bool:
        """Return whether so much was written since the last snapshot that a start would take long."""
        return self._unsaved >= SNAPSHOT_EVERY

    def commit_due_ns(self) -> int | None:
        """Return when the group under way must be written, by the clock `append` was told; None without one."""
        return self._first_pending_ns + self._settings.commit_ns if self._pending else None

    def commit(self) -> bool:
        """Write the group under way; return whether the disk let us. What it refused waits for the next commit."""
        if not self._pending:
            return True
        try:
            self.journal.flush()
        except JournalWriteError as error:
            self.blocked = str(error)
            return False
        self.blocked = ""
        self._unsaved += self._pending
        self._pending = 0
        self.committed = self.sequencer.sequence
        self.commits += 1
        return True

    def save_snapshot(self) -> None:
        """Write down where the store stands. Raises OSError, JournalError."""
        assert self.committed == self.sequencer.sequence, "a snapshot stands behind what is written"
        self.journal.flush_to_disk()
        sequencer = self.sequencer
        self._snapshots.save(
            Snapshot(
                number=sequencer.sequence,
                outputs=0,
                now_ns=sequencer.stored_ns,
                cursors=sequencer.cursors(),
                core=sequencer.snapshot(),
            )
        )
        self._unsaved = 0

    def close(self) -> None:
        """Write what waits and the place, and let go; what the disk refuses now is asked for again after the start."""
        try:
            if self.commit():
                self.save_snapshot()
            self.journal.close()
        finally:
            self.journal.abandon()

    def _recover(self) -> int:
        """Stand behind the last event; return how many were read for it."""
        self._restore()
        count = 0
        for number, record in self.journal.read(self.sequencer.sequence + 1):
            try:
                self.sequencer.follow(number, record)
            except ChainError as error:
                raise StoreError(f"{self.journal.folder}: {error}; `orrery events verify` names all damage") from error
            count += 1
        return count

    def _restore(self) -> None:
        journal, base = self.journal, self._snapshots.latest()
        if base is None or base.number < journal.first_number - 1:
            first = journal.first_number
            self.sequencer = Sequencer(first - 1, read_anchor(self.folder, first))
            return
        if base.number > journal.last_number:
            raise StoreError(
                f"{journal.folder}: the store stood at event {base.number}, but its log ends with {journal.last_number}: "
                "its tail was lost; put back a copy of the folder, or move the folder away to begin a new store"
            )
        try:
            self.sequencer.restore(base.core)
        except msgspec.DecodeError as error:
            raise StoreError(f"{self._snapshots.folder}: another version wrote it: {error}") from error
        if base.number >= journal.first_number:
            self._check_base(base.number)

    def _check_base(self, number: int) -> None:
        _, record = next(self.journal.read(number, 1))
        if record[:HASH_BYTES] != self.sequencer.hash:
            raise StoreError(f"{self.journal.folder}: event {number} has another hash than when the store stood at it")
