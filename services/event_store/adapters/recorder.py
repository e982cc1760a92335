"""Putting events into the log, and saying so: metrics, and a line in the service's log at every checkpoint."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Protocol

from common.bus.frames import Received
from common.bus_service import BusService
from common.clock import monotonic_due, monotonic_ns
from common.codec import encode
from common.config.models import EventStoreSection
from common.journal import JournalError
from common.logs import get_logger
from common.messages import AnyMessage
from common.routes import EVENT_STORE
from services.event_store.adapters.event_log import EventLog
from services.event_store.adapters.reading import log_bytes, oldest
from services.event_store.adapters.retention import retention_of, shorten
from services.event_store.core.chain import HASH_BYTES

_log = get_logger("event_store")


class WriteObserver(Protocol):
    """The service's metrics, as far as writing concerns them."""

    def stored(self, topic: str, count: int = 1) -> None:
        """Count events of a topic that were taken in."""
        ...

    def committed(self, sequence: int, seconds: float) -> None:
        """Note that everything up to `sequence` is written."""
        ...

    def deleted(self, files: int) -> None:
        """Count deleted files."""
        ...

    def sample(self, *, size: int, oldest: int, sequence: int, blocked: bool) -> None:
        """Take what lasts."""
        ...


class Recorder:
    """The way into the log for the service's shell."""

    def __init__(self, log: EventLog, section: EventStoreSection, metrics: WriteObserver, bus: BusService) -> None:
        self.log, self._bus, self._metrics = log, bus, metrics
        self._every, self._group = section.checkpoint_every, section.commit_events
        self._retention = retention_of(section)
        self._checkpoints: deque[tuple[int, str]] = deque()
        # Our own words are numbered anew by each process.
        self._process, self._said = bus.wall.now_ns(), 0

    def store(self, publisher: str, received: Received) -> None:
        """Take an event into the group under way."""
        now_ns = self._bus.wall.now_ns()
        if received.sent_ns:
            self._bus.hops.observe(now_ns - received.sent_ns)
        is_full = self.log.append(publisher, received, now_ns)
        self._metrics.stored(received.topic)
        sequencer = self.log.sequencer
        if sequencer.sequence % self._every == 0:
            self._checkpoints.append((sequencer.sequence, sequencer.hash.hex()))
        if is_full and not self.log.blocked:
            self.commit()

    def store_all(self, arrived: Sequence[Received]) -> None:
        """Take events of streams, in groups; a disk that refuses lets them wait in memory."""
        now_ns, log, observe = self._bus.wall.now_ns(), self.log, self._bus.hops.observe
        for start in range(0, len(arrived), self._group):
            group = arrived[start : start + self._group]
            first = log.sequencer.sequence + 1
            records = log.extend(group, now_ns)
            for number in range(-(-first // self._every) * self._every, first + len(records), self._every):
                self._checkpoints.append((number, records[number - first][:HASH_BYTES].hex()))
            if log.is_full and not log.blocked:
                self.commit()
        for received in arrived:
            if received.sent_ns:
                observe(now_ns - received.sent_ns)
        for topic, count in Counter(received.topic for received in arrived).items():
            self._metrics.stored(topic, count)

    def say(self, topic: str, message: AnyMessage) -> None:
        """Store a message of our own."""
        self._said += 1
        self.store(EVENT_STORE, Received(topic, self._process, self._said, 0, encode(message)))

    def commit(self) -> bool:
        """Write the group under way; return whether the disk let us."""
        log, began_ns, was_blocked = self.log, monotonic_ns(), self.log.blocked
        if log.commit_due_ns() is None:
            return True
        if not log.commit():
            if not was_blocked:
                _log.error("the log refuses writes; nothing is taken in until it succeeds", error=log.blocked)
            return False
        if was_blocked:
            _log.warning("the log takes writes again")
        self._metrics.committed(log.committed, (monotonic_ns() - began_ns) / 1e9)
        while self._checkpoints and self._checkpoints[0][0] <= log.committed:
            sequence, digest = self._checkpoints.popleft()
            _log.info("checkpoint", sequence=sequence, hash=digest)
        if log.snapshot_due:
            self._save_snapshot()
        return True

    def _save_snapshot(self) -> None:
        try:
            self.log.save_snapshot()
        except (OSError, JournalError) as error:
            _log.error("the store's place is not written down; a start takes longer", error=str(error))

    def due_ns(self) -> int | None:
        """Return the monotonic time at which the group under way must be written; upkeep tries again what was refused."""
        return None if self.log.blocked else monotonic_due(self.log.commit_due_ns(), self._bus.wall)

    def shorten(self) -> None:
        """Delete what is too old, or too much."""
        try:
            files = shorten(self.log, self._retention, self._bus.wall.now_ns())
        except (OSError, JournalError) as error:
            _log.error("old events not deleted", error=str(error))
            return
        if files:
            self._metrics.deleted(files)
            _log.info("old events deleted", files=files, oldest=oldest(self.log.folder))

    def sample(self) -> None:
        """Bring the gauges up to date."""
        folder = self.log.folder
        self._metrics.sample(
            size=log_bytes(folder),
            oldest=self.log.journal.first_number,
            sequence=self.log.committed,
            blocked=bool(self.log.blocked),
        )
