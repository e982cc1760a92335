"""Changes an order where it rests: what is not possible is answered here, the rest the venue answers."""

from collections.abc import Sequence

from msgspec.structs import replace

from common.messages import AnyMessage, ApprovedAmend, VenueRejectReason
from common.money import ZERO, figure, use_money_context
from services.execution.core import messages
from services.execution.core.desk import Desk
from services.execution.core.following import follow
from services.execution.core.life_cycle import NEXT, OrderEvent
from services.execution.core.orders import Order
from services.execution.core.venue import VenueOrder


def amend(desk: Desk, wanted: ApprovedAmend, now_ns: int) -> Sequence[AnyMessage]:
    """Ask the venue for the change; an order that is over is left alone, and counted."""
    use_money_context()
    order = desk.state.book.open.get(wanted.order_id)
    if order is None:
        desk.state.counts.ignored_amends += 1
        return ()
    refusal = _refusal(desk, order, wanted)
    if refusal is not None:
        desk.state.counts.amends_rejected += 1
        return (messages.amend_rejected(order.approved, desk.name, refusal, wanted.id, now_ns),)
    desk.advance(order, OrderEvent.REQUEST_AMEND)
    order.amend_id = wanted.id
    return follow(desk, desk.venue.amend(_amended(desk, order, wanted), now_ns), wanted.id, now_ns)


def _refusal(desk: Desk, order: Order, wanted: ApprovedAmend) -> tuple[VenueRejectReason, str] | None:
    if order.state not in NEXT[OrderEvent.REQUEST_AMEND]:
        return VenueRejectReason.UNKNOWN_ORDER, f"{wanted.order_id} is {order.state}: it cannot be changed now"
    killed = desk.state.killed
    if killed and not order.approved.reduce_only:
        return VenueRejectReason.KILL_SWITCH, f"killed by an operator ({killed}); nothing is changed until it is armed"
    filled = order.quantity - order.remaining
    if wanted.quantity is not None and wanted.quantity <= filled:
        return VenueRejectReason.INVALID_QUANTITY, f"expected more than the {figure(filled)} that have filled"
    return None


def _amended(desk: Desk, order: Order, wanted: ApprovedAmend) -> VenueOrder:
    now, remaining = order.at_venue(), order.remaining
    if wanted.quantity is not None:
        remaining = wanted.quantity - (order.quantity - order.remaining)
        if order.approved.reduce_only:
            remaining = min(remaining, max(desk.held_against(order.approved), ZERO))
    terms = now.terms
    if wanted.trigger_price is not None and terms is not None:
        terms = replace(terms, trigger_price=wanted.trigger_price)
    limit = now.limit_price if wanted.limit_price is None else wanted.limit_price
    return replace(now, quantity=remaining, limit_price=limit, terms=terms)
