"""The reports that go out on the bus, made from an order and what the venue said of it."""

from msgspec import UNSET

from common.messages import (
    AmendRejected,
    ApprovedOrder,
    CancelReason,
    Fill,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderRejected,
    OrderTriggered,
    VenueRejectReason,
)
from services.execution.core.orders import Order
from services.execution.core.venue import VenueFilled


def accepted(approved: ApprovedOrder, venue: str, now_ns: int) -> OrderAccepted:
    """Return the acknowledgement."""
    return OrderAccepted(
        event_ns=now_ns,
        received_ns=now_ns,
        order_id=approved.id,
        intent_id=approved.intent_id,
        runner=approved.runner,
        symbol=approved.symbol,
        venue=venue,
        cause=approved.id,
    )


def rejected(approved: ApprovedOrder, venue: str, reason: VenueRejectReason, detail: str, now_ns: int) -> OrderRejected:
    """Return the rejection."""
    return OrderRejected(
        event_ns=now_ns,
        received_ns=now_ns,
        order_id=approved.id,
        intent_id=approved.intent_id,
        runner=approved.runner,
        symbol=approved.symbol,
        venue=venue,
        reason=reason,
        detail=detail,
        cause=approved.id,
    )


def cancelled(order: Order, venue: str, reason: CancelReason | None, cause: str, now_ns: int) -> OrderCancelled:
    """Return the end of an order that did not fill whole. reason: None where somebody asked for it."""
    approved = order.approved
    return OrderCancelled(
        event_ns=now_ns,
        received_ns=now_ns,
        order_id=approved.id,
        intent_id=approved.intent_id,
        runner=approved.runner,
        symbol=approved.symbol,
        venue=venue,
        remaining_quantity=order.remaining,
        cause=cause,
        reason=UNSET if reason is None else reason,
    )


def triggered(order: Order, venue: str, cause: str, now_ns: int) -> OrderTriggered:
    """Return that the price has come to an order's trigger."""
    approved = order.approved
    return OrderTriggered(
        event_ns=now_ns,
        received_ns=now_ns,
        order_id=approved.id,
        intent_id=approved.intent_id,
        runner=approved.runner,
        symbol=approved.symbol,
        venue=venue,
        cause=cause,
    )


def amended(order: Order, venue: str, cause: str, now_ns: int) -> OrderAmended:
    """Return how an order stands after an amend, which it has in it already."""
    approved, now = order.approved, order.at_venue()
    return OrderAmended(
        event_ns=now_ns,
        received_ns=now_ns,
        order_id=approved.id,
        intent_id=approved.intent_id,
        runner=approved.runner,
        symbol=approved.symbol,
        venue=venue,
        quantity=order.quantity,
        remaining_quantity=order.remaining,
        limit_price=now.limit_price,
        trigger_price=None if now.terms is None else now.terms.trigger_price,
        cause=cause,
    )


def amend_rejected(
    approved: ApprovedOrder, venue: str, refusal: tuple[VenueRejectReason, str], cause: str, now_ns: int
) -> AmendRejected:
    """Return that an order stays as it was. refusal: reason and sentence."""
    reason, detail = refusal
    return AmendRejected(
        event_ns=now_ns,
        received_ns=now_ns,
        order_id=approved.id,
        intent_id=approved.intent_id,
        runner=approved.runner,
        symbol=approved.symbol,
        venue=venue,
        reason=reason,
        detail=detail,
        cause=cause,
    )


def filled(order: Order, venue: str, report: VenueFilled, cause: str, now_ns: int) -> Fill:
    """Return the fill; `order` has it counted already."""
    approved = order.approved
    return Fill(
        event_ns=now_ns,
        received_ns=now_ns,
        id=f"{approved.id}-f{order.fills}",
        order_id=approved.id,
        intent_id=approved.intent_id,
        runner=approved.runner,
        strategy=approved.strategy,
        symbol=approved.symbol,
        kind=approved.kind,
        side=approved.side,
        quantity=report.quantity,
        price=report.price,
        fee=report.fee,
        fee_currency=report.fee_currency,
        liquidity=report.liquidity,
        remaining_quantity=order.remaining,
        venue=venue,
        cause=cause,
    )
