"""What must hold of a run's folder once everything has ended: the journals, the venue, the store, and both of them redone."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from common.journal import read_folder
from common.records import JournalError
from common.routes import EVENT_STORE, STREAMS, Retention
from orrery.audit import audit_folder
from orrery.errors import CommandLineError
from orrery.parity.session_report import redrive_session
from orrery.redrive.moments import end
from orrery.redrive.services import rebuild_platform
from orrery.redrive.session import Session
from services.event_store.adapters.layout import StoreError
from services.event_store.adapters.projected import ProjectedLog
from services.event_store.adapters.reading import read
from services.event_store.adapters.verifying import verify
from services.event_store.core.projection.fold import Projection

TOLD_IN_THE_MOMENT = frozenset({"runners"})
"""Sections of streams that are kept in memory only: what a runner did is told for people, nothing trades on it, and what
was told in the moment of a crash may be missing in the store. The journals still give it again."""
NAMED = 3
"""How many messages are named where more are missing."""


def problems(data: Path) -> Iterator[str]:
    """Yield what does not hold in a data folder that nobody writes to any more."""
    yield from audit_folder(data).problems
    try:
        yield from _store_problems(data)
        yield from _redone_problems(data)
    except (StoreError, JournalError, CommandLineError) as error:
        yield str(error)


def _store_problems(data: Path) -> Iterator[str]:
    """The chain is whole, order flow is there once and in order, and the projection is the same when folded anew."""
    folder = data / EVENT_STORE
    for damage in verify(folder).damages:
        yield f"event store: event {damage.sequence}: {damage.what}"
    stored: dict[str, list[bytes]] = {}
    projection = Projection()
    for event in read(folder):
        projection.take(event)
        stored.setdefault(event.topic, []).append(event.payload)
    for topic, (service, retention) in STREAMS.items():
        if retention is Retention.JOURNAL:
            said = [payload for _, payload in read_folder(data / service / "outbox")]
            yield from _unequal(topic, said, stored.get(topic, []))
    kept = ProjectedLog(folder, writes=False)
    kept.catch_up()
    if kept.projection.digest() != projection.digest():
        yield f"event store: its projection is {kept.projection.digest()}, folded anew {projection.digest()}"


def _unequal(topic: str, said: list[bytes], stored: list[bytes]) -> Iterator[str]:
    lost, doubled = Counter(said) - Counter(stored), Counter(stored) - Counter(said)
    for what, messages in (("lacks", lost), ("has too often", doubled)):
        if messages:
            shown = ", ".join(payload[:80].hex() for payload in list(messages)[:NAMED])
            yield f"event store: {what} {messages.total()} messages of {topic}: {shown}"
    if not lost and not doubled and said != stored:
        yield f"event store: {topic} is in another order than it was said in"


def _redone_problems(data: Path) -> Iterator[str]:
    """Fresh cores give the same answers to the same inputs, and what they come to is what the events tell."""
    for service in redrive_session(data, None).services:
        if not service.equal:
            what = "its outputs" if service.difference is None else service.difference.what
            yield f"{service.service}: driven again it differs: {what}"
    platform = rebuild_platform(Session(data), end())
    for difference in platform.differences:
        yield f"{difference.what}: {difference.projected} by the events, {difference.found} by {difference.service}"
    unequal = () if platform.store is None else sorted({*platform.store.unequal} - TOLD_IN_THE_MOMENT)
    if unequal:
        yield f"event store: tells otherwise of {', '.join(unequal)}"
