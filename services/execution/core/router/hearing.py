"""What an adapter heard of the venue: answers, what it tells unasked, and whether it is there."""

from collections.abc import Sequence
from typing import assert_never

from common.messages import HeardKind, VenueHeard
from services.execution.core.asking import OrderView
from services.execution.core.router import answers, reconcile
from services.execution.core.router.evidence import learn_fill, learn_view
from services.execution.core.router.work import Work


def hear(work: Work, heard: VenueHeard, now_ns: int) -> None:
    """Take what an adapter heard."""
    state, kind = work.state, heard.kind
    match kind:
        case HeardKind.PUSHED:
            _pushed(work, heard.body, now_ns)
        case HeardKind.REPLY | HeardKind.NOT_SENT:
            _answered(work, heard, now_ns)
        case HeardKind.UP:
            lose(work, list(state.flights), now_ns)
            state.tally.links += 1
            state.is_up, state.reconciling.is_synced, state.reconciling.open = True, False, []
            reconcile.begin(work, now_ns)
        case HeardKind.DOWN:
            state.is_up = state.reconciling.is_synced = False
        case _:
            assert_never(kind)


def lose(work: Work, names: Sequence[str], now_ns: int) -> None:
    """Give up waiting for the answers to these requests."""
    for name in names:
        work.state.tally.lost_answers += 1
        answers.lost(work, work.state.flights.pop(name).errand, now_ns)


def _answered(work: Work, heard: VenueHeard, now_ns: int) -> None:
    flight = work.state.flights.pop(heard.request_id, None)
    if flight is None:
        work.state.tally.late_answers += 1
    elif heard.kind is HeardKind.NOT_SENT:
        work.state.tally.not_sent += 1
        answers.undone(work, flight.errand, now_ns)
    else:
        answer = work.file.decode(flight.errand.ask, heard.status, heard.body)
        answers.take(work, flight, answer, now_ns)


def _pushed(work: Work, body: bytes, now_ns: int) -> None:
    told = work.file.pushed(body)
    if not told:
        work.state.tally.unreadable += 1
    for each in told:
        if isinstance(each, OrderView):
            learn_view(work, each, now_ns, is_pushed=True)
        else:
            learn_fill(work, each, now_ns, is_pushed=True)
