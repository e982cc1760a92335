"""The reports that go out on the bus, made from an order and what the venue said of it."""

from common.messages import (
    ApprovedOrder,
    Fill,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
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


def cancelled(order: Order, venue: str, cause: str, now_ns: int) -> OrderCancelled:
    """Return the end of an order that did not fill whole."""
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
