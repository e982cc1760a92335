"""The trade that a bar closed on, found in the event store: no service that journals is told of trades."""

from pathlib import Path

from common.messages import Bar, BarSource, Trade
from common.records import Segment, first_numbers
from common.routes import topic_of
from services.event_store.adapters.layout import EVENTS
from services.event_store.adapters.reading import records
from services.event_store.core.chain import HASH_BYTES
from services.event_store.core.stored import Stored, decode_stored

LATE_NS = 60_000_000_000
"""How long after a bar was published the store may have taken it."""


def last_trade(store: Path, bar: Bar) -> Trade | None:
    """Return the latest trade of a bar built from trades that the store took before the bar; None if it has none."""
    topic = topic_of(bar)
    if bar.source is not BarSource.TRADES or topic is None:
        return None
    trade_topic = f"trade.{bar.symbol}"
    marks = (trade_topic.encode(), topic.encode())
    latest: Stored | None = None
    for _, record in records(store, _first_in_time(store, bar.received_ns)):
        if not any(mark in record for mark in marks):
            continue
        event = decode_stored(memoryview(record)[HASH_BYTES:])
        if event.stored_ns > bar.received_ns + LATE_NS:
            break
        if event.topic == topic and event.message() == bar:
            break
        if event.topic == trade_topic:
            latest = _later(latest, event, bar)
    message = None if latest is None else latest.message()
    return message if isinstance(message, Trade) else None


def _later(latest: Stored | None, event: Stored, bar: Bar) -> Stored | None:
    """Return the event if its trade lies before the bar's end: a venue's trades may already be of the next bar."""
    return latest if event.message().event_ns >= bar.end_ns else event


def _first_in_time(store: Path, at_ns: int) -> int:
    """Return the first event of the file in which the store may have taken what was published at `at_ns`."""
    firsts = first_numbers(store / EVENTS)
    found = firsts[0]
    for first in firsts[1:]:
        head = next(Segment(store / EVENTS, first).walk(first), None)
        # The trade lies before the bar, so a file that begins with it is one too far.
        if head is None or decode_stored(memoryview(head[2])[HASH_BYTES:]).stored_ns >= at_ns - LATE_NS:
            break
        found = first
    return found
