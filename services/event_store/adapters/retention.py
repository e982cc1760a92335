"""Deleting old events: whole files at the old end of the log, with an anchor for the chain written first."""

from pathlib import Path
from typing import NamedTuple

from common.config.models import EventStoreSection
from common.records import path_of
from services.event_store.adapters.event_log import EventLog
from services.event_store.adapters.layout import EVENTS, drop_anchors_before, write_anchor
from services.event_store.adapters.reading import files_of, read, records
from services.event_store.core.chain import HASH_BYTES

NS_PER_HOUR = 3_600_000_000_000


class Retention(NamedTuple):
    """What is kept. keep_ns: age of the youngest event of a file that goes; keep_bytes: of the log; 0 keeps everything."""

    keep_ns: int = 0
    keep_bytes: int = 0


def retention_of(section: EventStoreSection) -> Retention:
    """Return what the configuration says."""
    return Retention(round(section.keep_hours * NS_PER_HOUR), section.keep_bytes)


def shorten(log: EventLog, keep: Retention, now_ns: int) -> int:
    """Delete the files that need not be kept; return how many. The file in use, and the place of a start, always stay.

    Raises:
        OSError, JournalError: a file cannot be read or deleted; what was not deleted is tried again next time.
    """
    if not (keep.keep_ns or keep.keep_bytes) or not log.commit():
        return 0
    path = log.folder
    firsts = files_of(path)
    cut = max(_cut_by_age(path, firsts, now_ns - keep.keep_ns) if keep.keep_ns else 0, _cut_by_size(path, firsts, keep))
    if cut == 0:
        return 0
    first = firsts[cut]
    # The place is written down first: a start must not need the events that go.
    log.save_snapshot()
    _, last_gone = next(records(path, first - 1, first - 1))
    write_anchor(path, first, last_gone[:HASH_BYTES])
    dropped = log.journal.drop_before(first)
    drop_anchors_before(path, first)
    return dropped


def _cut_by_age(path: Path, firsts: list[int], oldest_ns: int) -> int:
    """Return how many files have only events that are followed by one stored before `oldest_ns`."""
    cut = 0
    for following in firsts[1:]:
        event = next(read(path, following, following), None)
        if event is None or event.stored_ns >= oldest_ns:
            break
        cut += 1
    return cut


def _cut_by_size(path: Path, firsts: list[int], keep: Retention) -> int:
    sizes = [path_of(path / EVENTS, first).stat().st_size for first in firsts]
    left, cut = sum(sizes), 0
    while keep.keep_bytes and left > keep.keep_bytes and cut < len(firsts) - 1:
        left -= sizes[cut]
        cut += 1
    return cut
