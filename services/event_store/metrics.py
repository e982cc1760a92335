"""The event store's metrics: what was written, how, and how much room it takes."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.registry import CollectorRegistry

from common.metrics import LATENCY_BUCKETS_SECONDS


class OracleMetrics:
    """Counts into a registry; labels are stream names only."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        # A gauge, because a counter's name would have to end in _total; it only rises.
        self._written = Gauge("oracle_events_written", "Events in the order of all time, written.", registry=registry)
        self._stored = Counter("oracle_events_stored", "Events taken in, by stream.", ["stream"], registry=registry)
        self._commits = Histogram(
            "oracle_commit_seconds", "Writing one group of events.", buckets=LATENCY_BUCKETS_SECONDS, registry=registry
        )
        self._lost = Counter("oracle_lost_messages", "Messages their publisher no longer kept.", registry=registry)
        self._bytes = Gauge("oracle_log_bytes", "Size of the log.", registry=registry)
        self._oldest = Gauge("oracle_oldest_event", "Number of the oldest event kept.", registry=registry)
        self._deleted = Counter("oracle_deleted_files", "Files of old events that were deleted.", registry=registry)
        self._blocked = Gauge("oracle_writes_refused", "1 while the disk refuses writes.", registry=registry)

    def stored(self, topic: str, count: int = 1) -> None:
        """Count events of a topic that were taken in."""
        self._stored.labels(topic.partition(".")[0]).inc(count)

    def committed(self, sequence: int, seconds: float) -> None:
        """Note that everything up to `sequence` is written."""
        self._written.set(sequence)
        self._commits.observe(seconds)

    def lost(self, count: int) -> None:
        """Count messages that cannot be got any more."""
        self._lost.inc(count)

    def deleted(self, files: int) -> None:
        """Count deleted files."""
        self._deleted.inc(files)

    def sample(self, *, size: int, oldest: int, sequence: int, blocked: bool) -> None:
        """Take what lasts: the log's size in bytes, its oldest event, how far it is written, whether it can be."""
        self._bytes.set(size)
        self._oldest.set(oldest)
        self._written.set(sequence)
        self._blocked.set(blocked)
