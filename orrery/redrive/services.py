"""All services of a session at one moment, with the projection of their events, held against each other."""

from pathlib import Path
from typing import Any

import msgspec

from common.core import Core
from common.messages import AnyMessage, RunnerFailed, RunnerTransitioned
from common.routes import EXECUTION, RISK_MANAGER, SIGNAL, STREAMS, Retention, hears
from orrery.redrive.journals import Told, messages
from orrery.redrive.moments import Moment, end
from orrery.redrive.rebuild import Rebuilder, Rebuilt
from orrery.redrive.session import Session
from services.event_store.adapters.projected import ProjectedLog
from services.event_store.adapters.reading import oldest, read
from services.event_store.core.projection.compare import Difference, compare
from services.event_store.core.projection.fold import FLOW, Projection

RUNNERS = "runners"
"""The topic of the runners' moves, which no service keeps in a journal."""
Move = RunnerTransitioned | RunnerFailed


class StoreCheck(msgspec.Struct, frozen=True):
    """The event store's log, folded to its end. unequal: sections of order flow that the journals tell otherwise."""

    events: int
    flow_sha256: str
    unequal: list[str]


class Platform(msgspec.Struct, kw_only=True):
    """A session's services at a moment. projection: what their events fold to; source: where those came from.

    on_their_way: order flow that its hearers had not been told yet. differences: figures on which projection and services
    do not agree, looked for only while nothing was on its way. store: at the end of a session that has an event store.
    """

    moment: Moment
    services: list[Rebuilt]
    projection: Projection
    source: str
    on_their_way: list[str]
    differences: list[Difference]
    store: StoreCheck | None = None

    def core(self, service: str) -> Core | None:
        """Return a service's core, None if the session has no such service."""
        return next((rebuilt.core for rebuilt in self.services if rebuilt.service == service), None)


def rebuild_platform(session: Session, moment: Moment) -> Platform:
    """Rebuild every service, and fold the events of the event store, or else those that the journals hold.

    Raises:
        CommandLineError, JournalError: as `Rebuilder.rebuild`, `StoreError` for the store.
    """
    moves: list[Move] = []
    services = [_rebuilder(session, name, moves).rebuild(moment.until) for name in session.services]
    is_whole = all(rebuilt.base == 0 for rebuilt in services if rebuilt.service == SIGNAL)
    source, knows_runners = "journals", True
    if moment.sequence is not None and session.store is not None:
        source, projection = "event store", _folded_store(session.store, moment.sequence)
    else:
        if not is_whole:
            source, knows_runners, moves = _moves_of_store(session.store, services)
        projection = _folded_journals(session, services, moves)
    on_their_way = _on_their_way(services)
    return Platform(
        moment=moment,
        services=services,
        projection=projection,
        source=source,
        on_their_way=on_their_way,
        differences=[] if on_their_way else _compare(projection, services, with_runners=knows_runners),
        store=_check_store(session, projection) if moment == end() and knows_runners else None,
    )


def _folded_store(store: Path, up_to: int) -> Projection:
    log = ProjectedLog(store, up_to=up_to, writes=False)
    log.catch_up(up_to)
    return log.projection


def _moves_of_store(store: Path | None, services: list[Rebuilt]) -> tuple[str, bool, list[Move]]:
    """Return where the runners' moves are from that no journal can give again, whether they are all there, and them."""
    told_ns = max(rebuilt.told_ns for rebuilt in services if rebuilt.service == SIGNAL)
    if store is None or oldest(store) > 1:
        return "journals, without the runners' transitions before the oldest snapshot", False, []
    moves = [event.message() for event in read(store) if event.topic == RUNNERS]
    found = [move for move in moves if isinstance(move, Move) and move.event_ns <= told_ns]
    return "journals, the runners' transitions of the event store", True, found


def _check_store(session: Session, projection: Projection) -> StoreCheck | None:
    """Fold what the event store heard of all services, and hold it against what they wrote down themselves."""
    if session.store is None:
        return None
    log = ProjectedLog(session.store, writes=False)
    log.catch_up()
    mine, theirs = projection.digests(), log.projection.digests()
    unequal = [section for section in FLOW if mine[section] != theirs[section]]
    return StoreCheck(log.sequence, log.projection.flow_digest(), unequal)


def _rebuilder(session: Session, service: str, moves: list[Move]) -> Rebuilder:
    def observe(_told: Told, answers: list[AnyMessage]) -> None:
        moves.extend(answer for answer in answers if isinstance(answer, Move))

    is_signal = service == SIGNAL
    return Rebuilder(session, service, observe=observe if is_signal else None, from_first=is_signal)


def _folded_journals(session: Session, services: list[Rebuilt], moves: list[Move]) -> Projection:
    """Fold what the services answered: order flow from their outboxes, and the runners' moves."""
    projection = Projection()
    for rebuilt in services:
        for number, message in messages(session.outbox(rebuilt.service)):
            if number > rebuilt.outputs:
                break
            projection.apply(message)
    for move in moves:
        projection.apply(move)
    return projection


def _on_their_way(services: list[Rebuilt]) -> list[str]:
    """Return which order flow had been published and not yet been told to a service that hears it."""
    found = []
    for sender in services:
        topic = next(
            name for name, (owner, kept) in STREAMS.items() if (owner, kept) == (sender.service, Retention.JOURNAL)
        )
        for hearer in services:
            missing = sender.outputs - hearer.heard.get(topic, 0)
            if hears(hearer.service, topic) and missing > 0:
                found.append(f"{missing} {topic} of {sender.service} to {hearer.service}")
    return found


def _compare(projection: Projection, services: list[Rebuilt], *, with_runners: bool) -> list[Difference]:
    statuses: dict[str, dict[str, Any]] = {rebuilt.service: rebuilt.core.status() for rebuilt in services}
    return compare(
        projection.state,
        risk=statuses.get(RISK_MANAGER),
        execution=statuses.get(EXECUTION),
        signal=statuses.get(SIGNAL) if with_runners else None,
    )
