"""Whether services heard what others published, and whether what a crash kept back was truly kept back."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from common.records import DamagedRecordError
from common.routes import Retention, publisher_of, retention_of
from common.snapshots import read_snapshots
from orrery.parity.differences import Difference, differing_fields, shown
from orrery.parity.redrive import Redriven
from orrery.parity.session import Session, inputs_of, stream_of


def compare_heard(session: Session, results: Sequence[Redriven]) -> None:
    """Hold the order flow in every inbox against its sender's outbox; write the first difference into the result."""
    for result in results:
        if result.difference is None:
            difference = _first_misheard(session, result.service) or _lost_tail(session, result, results)
            result.difference, result.equal = difference, difference is None


def _first_misheard(session: Session, service: str) -> Difference | None:
    sent: dict[str, Iterator[tuple[int, bytes]]] = {}
    for told in inputs_of(session.inbox(service)):
        topic, number = told.recorded.topic, told.recorded.number
        if not topic or retention_of(topic) is not Retention.JOURNAL or publisher_of(topic) not in session.services:
            continue
        if topic not in sent:
            sent[topic] = session.outbox(publisher_of(topic)).read(number)
        published = None
        with suppress(DamagedRecordError):
            published = next((payload for found, payload in sent[topic] if found == number), None)
        if published != told.recorded.payload:
            return Difference(
                what=f"input {told.number} of {service}: {topic} #{number}",
                where=f"published by {publisher_of(topic)} (expected) and heard (found)",
                expected=shown(published),
                found=shown(told.recorded.payload),
                fields=differing_fields(published, told.recorded.payload),
            )
    return None


def _lost_tail(session: Session, result: Redriven, results: Sequence[Redriven]) -> Difference | None:
    """Return a difference if outputs are missing that a snapshot counts, or that somebody has heard."""
    last = sum(1 for _ in session.outbox(result.service).read())
    counted = max((kept.outputs for kept in read_snapshots(session.folder / result.service / "snapshots")), default=0)
    heard = max(other.taken.get(stream_of(result.service), 0) for other in results)
    if last >= max(counted, heard):
        return None
    return Difference(
        what=f"the outbox of {result.service} ends with output {last}",
        where="what is known of its end",
        expected=f"at least {max(counted, heard)} outputs: a snapshot counts {counted}, others have heard {heard}",
        found=f"{last} outputs",
    )
