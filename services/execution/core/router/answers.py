"""What follows from an answer, or from none: what may be asked again is, what may have been done is looked up."""

from typing import assert_never

from common.messages import VenueRejectReason
from services.execution.core.asking import (
    Absent,
    Amend,
    Answer,
    AskFills,
    AskOpenOrders,
    AskOrder,
    AskPositions,
    Cancel,
    Fills,
    Limited,
    OpenOrders,
    OrderStanding,
    OrderView,
    Positions,
    Refused,
    Submit,
    Unclear,
)
from services.execution.core.router.amends import amended, judge_lost, not_amended
from services.execution.core.router.evidence import learn_view, miss, refuse
from services.execution.core.router.reconcile import take_fills, take_found, take_open_orders, take_positions
from services.execution.core.router.stages import Event, Stage
from services.execution.core.router.state import Errand, Flight
from services.execution.core.router.work import Work
from services.execution.core.venue import VenueRejected


def take(work: Work, flight: Flight, answer: Answer, now_ns: int) -> None:
    """Take the answer to a request."""
    errand = flight.errand
    match answer:
        case Limited():
            work.state.tally.limited += 1
            work.state.pace.pause(now_ns + answer.retry_after_ns)
            undone(work, errand, now_ns, answer.retry_after_ns)
        case Unclear():
            work.state.tally.unclear_answers += 1
            lost(work, errand, now_ns)
        case OrderView():
            _view(work, flight, answer, now_ns)
        case Refused():
            _refused(work, flight, answer, now_ns)
        case Absent():
            _absent(work, flight, now_ns)
        case OpenOrders():
            take_open_orders(work, answer, flight.sent_ns, now_ns)
        case Fills():
            take_fills(work, answer, flight.sent_ns, now_ns)
        case Positions():
            take_positions(work, answer, flight.sent_ns, now_ns)
        case _:
            assert_never(answer)


def undone(work: Work, errand: Errand, now_ns: int, wait_ns: int = 0) -> None:
    """Ask again what certainly was not done; an order only so often."""
    ask = errand.ask
    if not isinstance(ask, Submit):
        work.again(errand, now_ns, wait_ns)
        return
    routed = work.state.orders.get(ask.order.id)
    if routed is None or not work.move(routed, Event.NOT_SENT, now_ns):
        return  # a report has shown that the venue has it
    if errand.attempt < work.settings.retries and not routed.wants_cancel:
        work.again(errand, now_ns, wait_ns)
        return
    work.move(routed, Event.GIVE_UP, now_ns)
    detail = f"{errand.attempt + 1} attempts, none reached the venue"
    work.report(VenueRejected(ask.order.id, VenueRejectReason.NOT_SENT, detail))


def lost(work: Work, errand: Errand, now_ns: int) -> None:
    """Look up what may have been done; ask again what changes nothing."""
    ask = errand.ask
    match ask:
        case Submit() | Amend():
            routed = work.state.orders.get(ask.order.id)
            if routed is not None:
                routed.is_amend_lost = isinstance(ask, Amend)
                work.move(routed, Event.LOSE, now_ns)
                work.look(routed, now_ns)
        case Cancel():
            routed = work.state.orders.get(ask.order_id)
            if routed is not None:
                work.look(routed, now_ns)
        case AskOrder() | AskOpenOrders() | AskFills() | AskPositions():
            work.again(errand, now_ns)
        case _:
            assert_never(ask)


def _view(work: Work, flight: Flight, view: OrderView, now_ns: int) -> None:
    ask = flight.errand.ask
    routed = work.state.orders.get(view.order_id)
    if routed is None:
        if isinstance(ask, AskOrder) and view.order_id == ask.order_id:
            take_found(work, view, flight.sent_ns, now_ns)
        return
    if isinstance(ask, AskOrder):
        routed.is_asked = False
        judge_lost(work, routed, view, flight.sent_ns)
    elif isinstance(ask, Amend):
        amended(work, routed, view)
    learn_view(work, view, now_ns, is_pushed=isinstance(ask, Submit))
    if routed.stage is not Stage.WORKING:
        return
    if isinstance(ask, Cancel) and view.standing is OrderStanding.OPEN:
        work.look(routed, now_ns)
    elif isinstance(ask, AskOrder):
        _after_look(work, flight, view, now_ns)


def _after_look(work: Work, flight: Flight, view: OrderView, now_ns: int) -> None:
    routed = work.state.orders[view.order_id]
    if view.standing is not OrderStanding.OPEN:
        return
    if routed.is_amend_lost:
        work.look(routed, now_ns)
    elif not routed.wants_cancel:
        routed.looks = 0
    elif not any(isinstance(each.ask, Cancel) and each.ask.order_id == view.order_id for each in work.state.waiting):
        work.errand(Cancel(view.order_id, view.symbol), now_ns)


def _refused(work: Work, flight: Flight, refused: Refused, now_ns: int) -> None:
    ask = flight.errand.ask
    if isinstance(ask, Submit) and refused.reason is not VenueRejectReason.DUPLICATE_ORDER:
        routed = work.state.orders.get(ask.order.id)
        if routed is not None and routed.stage is Stage.SENT:
            refuse(work, routed, refused.reason, refused.detail, now_ns)
        return
    if isinstance(ask, Amend):
        not_amended(work, work.state.orders.get(ask.order.id), refused.reason, refused.detail)
        return
    lost(work, flight.errand, now_ns)


def _absent(work: Work, flight: Flight, now_ns: int) -> None:
    ask = flight.errand.ask
    if isinstance(ask, AskOrder):
        routed = work.state.orders.get(ask.order_id)
        if routed is not None:
            routed.is_asked = False
            miss(work, routed, flight.sent_ns, now_ns)
        return
    lost(work, flight.errand, now_ns)
