"""All services of a session at one moment, with the projection of their events, held against each other."""

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
from services.event_store.core.projection.compare import Difference, compare
from services.event_store.core.projection.fold import FLOW, Projection


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
    told: list[AnyMessage] = []
    services = [_rebuilder(session, name, told).rebuild(moment.until) for name in session.services]
    is_whole = all(rebuilt.base == 0 for rebuilt in services if rebuilt.service == SIGNAL)
    projection = Projection()
    if moment.sequence is not None and session.store is not None:
        source = "event store"
        projected = ProjectedLog(session.store, up_to=moment.sequence, writes=False)
        projected.catch_up(moment.sequence)
        projection = projected.projection
    else:
        source = "journals" if is_whole else "journals, without the runners' transitions before the oldest snapshot"
        _fold_journals(session, services, projection, told)
    on_their_way = _on_their_way(services)
    return Platform(
        moment=moment,
        services=services,
        projection=projection,
        source=source,
        on_their_way=on_their_way,
        differences=[] if on_their_way else _compare(projection, services, with_runners=is_whole),
        store=_check_store(session, projection) if moment == end() and is_whole else None,
    )


def _check_store(session: Session, projection: Projection) -> StoreCheck | None:
    """Fold what the event store heard of all services, and hold it against what they wrote down themselves."""
    if session.store is None:
        return None
    log = ProjectedLog(session.store, writes=False)
    log.catch_up()
    mine, theirs = projection.digests(), log.projection.digests()
    unequal = [section for section in FLOW if mine[section] != theirs[section]]
    return StoreCheck(log.sequence, log.projection.flow_digest(), unequal)


def _rebuilder(session: Session, service: str, told: list[AnyMessage]) -> Rebuilder:
    def observe(_told: Told, answers: list[AnyMessage]) -> None:
        told.extend(answers)

    is_signal = service == SIGNAL
    return Rebuilder(session, service, observe=observe if is_signal else None, from_first=is_signal)


def _fold_journals(
    session: Session, services: list[Rebuilt], projection: Projection, transitions: list[AnyMessage]
) -> None:
    """Fold what the services answered: order flow from their outboxes, the rest from what the signal core said again."""
    for rebuilt in services:
        for number, message in messages(session.outbox(rebuilt.service)):
            if number > rebuilt.outputs:
                break
            projection.apply(message)
    for message in transitions:
        if isinstance(message, RunnerTransitioned | RunnerFailed):
            projection.apply(message)


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
