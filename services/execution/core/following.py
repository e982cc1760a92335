"""Follows what the venue reports: moves the order, books the fill, and says so on the bus."""

from collections.abc import Callable, Sequence
from typing import Any

from common.messages import AnyMessage
from services.execution.core import messages
from services.execution.core.desk import Desk
from services.execution.core.life_cycle import OrderEvent
from services.execution.core.venue import (
    VenueAccepted,
    VenueAmended,
    VenueCancelled,
    VenueCancelRejected,
    VenueFilled,
    VenueRejected,
    VenueReport,
)


def follow(desk: Desk, reports: Sequence[VenueReport], cause: str, now_ns: int) -> Sequence[AnyMessage]:
    """Return what is to be published of the venue's reports; `cause` is the id of the message that led to them."""
    told: list[AnyMessage] = []
    for report in reports:
        message = _FOLLOW[type(report)](desk, report, cause, now_ns)
        if message is not None:
            told.append(message)
    return told


def _accepted(desk: Desk, report: VenueAccepted, cause: str, now_ns: int) -> AnyMessage | None:
    state = desk.state
    order = desk.advance(state.book.open.get(report.order_id), OrderEvent.ACCEPT)
    if order is None:
        return None
    state.counts.accepted += 1
    return messages.accepted(order.approved, desk.name, now_ns)


def _filled(desk: Desk, report: VenueFilled, cause: str, now_ns: int) -> AnyMessage | None:
    state = desk.state
    order, quantity = state.book.open.get(report.order_id), report.quantity
    is_last = order is not None and quantity >= order.remaining
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
    order = desk.move(report.order_id, OrderEvent.CANCEL)
    if order is None:
        return None
    desk.state.counts.cancelled += 1
    return messages.cancelled(order, desk.name, cause, now_ns)


def _cancel_rejected(desk: Desk, report: VenueCancelRejected, cause: str, now_ns: int) -> AnyMessage | None:
    desk.move(report.order_id, OrderEvent.REJECT_CANCEL)
    return None


def _amended(desk: Desk, report: VenueAmended, cause: str, now_ns: int) -> AnyMessage | None:
    order = desk.state.book.open.get(report.order.id)
    if order is None:
        desk.state.counts.impossible_events += 1
    else:
        order.remaining = report.order.quantity
    return None


_FOLLOW: dict[type, Callable[[Desk, Any, str, int], AnyMessage | None]] = {
    VenueAccepted: _accepted,
    VenueFilled: _filled,
    VenueRejected: _rejected,
    VenueCancelled: _cancelled,
    VenueCancelRejected: _cancel_rejected,
    VenueAmended: _amended,
}
