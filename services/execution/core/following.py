"""Follows what the venue reports: moves the order, books the fill, and says so on the bus."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from common.messages import AnyMessage, CancelReason, Fill, OrderCancelled
from common.money import ZERO
from services.execution.core import messages
from services.execution.core.desk import Desk
from services.execution.core.life_cycle import NEXT, OrderEvent
from services.execution.core.orders import Order
from services.execution.core.venue import (
    VenueAccepted,
    VenueAmended,
    VenueAmendRejected,
    VenueCancelled,
    VenueCancelRejected,
    VenueFilled,
    VenueRejected,
    VenueReport,
    VenueTriggered,
)


def follow(desk: Desk, reports: Sequence[VenueReport], cause: str, now_ns: int) -> Sequence[AnyMessage]:
    """Return what is to be published of the venue's reports; `cause` is the id of the message that led to them."""
    told: list[AnyMessage] = []
    for report in reports:
        message = _FOLLOW[type(report)](desk, report, cause, now_ns)
        if message is not None:
            told.append(message)
    if desk.state.groups is not UNSET:
        told = [*_by_fill(told), *_end_groups(desk, reports, _fill_in(told) or cause, now_ns)]
    if desk.state.book.reducing and any(type(report) is VenueFilled for report in reports):
        told += _shrink(desk, cause, now_ns)
    return told


def _fill_in(told: Sequence[AnyMessage]) -> str:
    return next((message.id for message in told if type(message) is Fill), "")


def _by_fill(told: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
    """Name the fill that took an order off as its cause, where the venue itself links orders."""
    fill_id = _fill_in(told)
    if not fill_id:
        return told
    return [
        replace(message, cause=fill_id)
        if type(message) is OrderCancelled and message.reason is CancelReason.OCO
        else message
        for message in told
    ]


def _end_groups(desk: Desk, reports: Sequence[VenueReport], cause: str, now_ns: int) -> Sequence[AnyMessage]:
    """End the groups in which an order has filled, if only a part, or ended: what else rests in them is cancelled."""
    groups, told = desk.state.groups, list[AnyMessage]()
    assert groups is not UNSET, "expected groups"
    for report in reports:
        if isinstance(report, VenueFilled | VenueCancelled | VenueRejected):
            group = groups.group_of.get(report.order_id)
            if group is not None:
                told += end_group(desk, group, cause, now_ns)
    return told


def end_group(desk: Desk, group: str, cause: str, now_ns: int) -> Sequence[AnyMessage]:
    """Let a group be over; cancel what rests in it and is in nobody's hands yet, once."""
    groups, told = desk.state.groups, list[AnyMessage]()
    for order_id in () if groups is UNSET else groups.end(group):
        order = desk.state.book.open.get(order_id)
        if order is None or order.state not in NEXT[OrderEvent.REQUEST_CANCEL] or order.fills:
            continue
        order.ending = CancelReason.OCO
        desk.advance(order, OrderEvent.REQUEST_CANCEL)
        told += follow(desk, desk.venue.cancel(order_id, order.approved.symbol, now_ns), cause, now_ns)
    return told


def _shrink(desk: Desk, cause: str, now_ns: int) -> Sequence[AnyMessage]:
    """Take off the resting reductions what can no longer be reduced."""
    told: list[AnyMessage] = []
    for order_id in list(desk.state.book.reducing):
        order = desk.state.book.open.get(order_id)
        if order is None or order.state not in NEXT[OrderEvent.REQUEST_CANCEL]:
            continue
        held = desk.held_against(order.approved)
        if order.remaining <= held:
            continue
        if held > ZERO and order.state in NEXT[OrderEvent.REQUEST_AMEND]:
            desk.advance(order, OrderEvent.REQUEST_AMEND)
            smaller = order.at_venue().with_quantity(held)
            told += follow(desk, desk.venue.amend(smaller, now_ns), cause, now_ns)
        elif held <= ZERO:
            order.ending = CancelReason.REDUCED
            desk.advance(order, OrderEvent.REQUEST_CANCEL)
            told += follow(desk, desk.venue.cancel(order_id, order.approved.symbol, now_ns), cause, now_ns)
    return told


def _accepted(desk: Desk, report: VenueAccepted, cause: str, now_ns: int) -> AnyMessage | None:
    state = desk.state
    event = OrderEvent.ARM if report.is_armed else OrderEvent.ACCEPT
    order = desk.advance(state.book.open.get(report.order_id), event)
    if order is None:
        return None
    state.counts.accepted += 1
    return messages.accepted(order.approved, desk.name, now_ns)


def _triggered(desk: Desk, report: VenueTriggered, cause: str, now_ns: int) -> AnyMessage | None:
    order = desk.move(report.order_id, OrderEvent.TRIGGER)
    if order is None:
        return None
    desk.state.counts.triggered += 1
    return messages.triggered(order, desk.name, cause, now_ns)


def _filled(desk: Desk, report: VenueFilled, cause: str, now_ns: int) -> AnyMessage | None:
    state = desk.state
    order, quantity = state.book.open.get(report.order_id), report.quantity
    is_last = order is not None and quantity >= order.remaining
    if order is not None and order.approved.terms is not UNSET and order.state in NEXT[OrderEvent.TRIGGER]:
        desk.advance(order, OrderEvent.TRIGGER)  # a venue that tells of no triggers tells of them by the fill
    order = desk.advance(order, OrderEvent.FILL if is_last else OrderEvent.PARTIAL_FILL)
    if order is None:
        return None
    state.counts.fills += 1
    order.fills += 1
    order.remaining -= quantity
    desk.hold(order.approved, quantity)
    return messages.filled(order, desk.name, report, cause, now_ns)


def _rejected(desk: Desk, report: VenueRejected, cause: str, now_ns: int) -> AnyMessage | None:
    order = desk.move(report.order_id, OrderEvent.REJECT)
    if order is None:
        return None
    desk.state.counts.rejected += 1
    return messages.rejected(order.approved, desk.name, report.reason, report.detail, now_ns)


def _cancelled(desk: Desk, report: VenueCancelled, cause: str, now_ns: int) -> AnyMessage | None:
    is_expired = report.reason is CancelReason.EXPIRED
    order = desk.move(report.order_id, OrderEvent.EXPIRE if is_expired else OrderEvent.CANCEL)
    if order is None:
        return None
    desk.state.counts.cancelled += 1
    desk.state.counts.expired += is_expired
    return messages.cancelled(order, desk.name, report.reason or order.ending, cause, now_ns)


def _cancel_rejected(desk: Desk, report: VenueCancelRejected, cause: str, now_ns: int) -> AnyMessage | None:
    order = desk.move(report.order_id, OrderEvent.REJECT_CANCEL)
    if order is not None:
        order.ending = None
    return None


def _amended(desk: Desk, report: VenueAmended, cause: str, now_ns: int) -> AnyMessage | None:
    if report.reason is None:
        order = desk.move(report.order.id, OrderEvent.AMEND)
    else:
        order = desk.state.book.open.get(report.order.id)  # an amend of ours that is on its way is still to be answered
    if order is None:
        return None
    desk.state.counts.amended += 1
    order.quantity += report.order.quantity - order.remaining
    order.remaining, order.amended = report.order.quantity, report.order
    return messages.amended(order, desk.name, cause if report.reason else _amend_of(order, cause), now_ns)


def _amend_rejected(desk: Desk, report: VenueAmendRejected, cause: str, now_ns: int) -> AnyMessage | None:
    order = desk.move(report.order_id, OrderEvent.REJECT_AMEND)
    if order is None:
        return None
    desk.state.counts.amends_rejected += 1
    told = (report.reason, report.detail)
    return messages.amend_rejected(order.approved, desk.name, told, _amend_of(order, cause), now_ns)


def _amend_of(order: Order, cause: str) -> str:
    """Return the id of the amend that the venue answers; without one the change's own cause."""
    amend_id, order.amend_id = order.amend_id, ""
    return amend_id or cause


_FOLLOW: Final[dict[type, Callable[[Desk, Any, str, int], AnyMessage | None]]] = {
    VenueAccepted: _accepted,
    VenueTriggered: _triggered,
    VenueFilled: _filled,
    VenueRejected: _rejected,
    VenueCancelled: _cancelled,
    VenueCancelRejected: _cancel_rejected,
    VenueAmended: _amended,
    VenueAmendRejected: _amend_rejected,
}
