"""What a store holds, in figures."""

from collections import Counter
from pathlib import Path

import msgspec

from orrery.events.rows import Choice, chosen, fields_of
from services.event_store.adapters.reading import log_bytes


class Stats(msgspec.Struct, kw_only=True):
    """Figures of the events kept. bytes: of the log; begin_ns, end_ns: when the first and the last were stored."""

    first: int = 0
    last: int = 0
    events: int = 0
    bytes: int = 0
    begin_ns: int = 0
    end_ns: int = 0
    by_publisher: dict[str, int] = {}
    by_stream: dict[str, int] = {}
    by_type: dict[str, int] = {}


def stats(path: Path) -> Stats:
    """Return the figures of the store in `path`; StoreError as `read` says."""
    publishers: Counter[str] = Counter()
    streams: Counter[str] = Counter()
    types: Counter[str] = Counter()
    result = Stats(bytes=log_bytes(path))
    for _, event in chosen(path, Choice()):
        if not result.first:
            result.first, result.begin_ns = event.sequence, event.stored_ns
        result.last, result.end_ns = event.sequence, event.stored_ns
        publishers[event.publisher] += 1
        streams[event.topic.partition(".")[0]] += 1
        types[str(fields_of(event.payload).get("type"))] += 1
    result.events = publishers.total()
    result.by_publisher, result.by_stream, result.by_type = (
        dict(counter.most_common()) for counter in (publishers, streams, types)
    )
    return result
