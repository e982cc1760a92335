"""The book of orders: those at the venue, and the latest that ended."""

from decimal import Decimal

import msgspec

from common.messages import ApprovedOrder, CancelReason
from common.recent import Recent
from services.execution.core.life_cycle import OrderState
from services.execution.core.venue import VenueOrder

FINISHED_KEPT = 10_000
"""Finished orders that can still be asked for."""


class Order(msgspec.Struct, gc=False):
    """An order and where it stands. quantity: what was sent, at most what was approved; fills: how many there were.

    amended: as the venue holds it, where that is no longer what was approved. amend_id: of the amend on its way.
    ending: why execution itself cancels it.
    """

    approved: ApprovedOrder
    quantity: Decimal
    remaining: Decimal
    state: OrderState = OrderState.SUBMITTED
    fills: int = 0
    amended: VenueOrder | None = None
    amend_id: str = ""
    ending: CancelReason | None = None

    def at_venue(self) -> VenueOrder:
        """Return the order as the venue has it, with what is left of it."""
        if self.amended is not None:
            return self.amended.with_quantity(self.remaining)
        return sent(self.approved, self.remaining)


def sent(approved: ApprovedOrder, quantity: Decimal) -> VenueOrder:
    """Return what goes to the venue."""
    terms = approved.terms
    return VenueOrder(
        approved.id,
        approved.symbol,
        approved.side,
        quantity,
        approved.order_type,
        approved.time_in_force,
        approved.limit_price,
        approved.reduce_only,
        None if terms is msgspec.UNSET else terms,
    )


class OrderBook(msgspec.Struct):
    """Open orders by id, and how the latest finished ones ended. reducing: those that rest and only ever reduce."""

    open: dict[str, Order] = {}
    reducing: dict[str, None] = {}
    finished: Recent[OrderState] = msgspec.field(default_factory=lambda: Recent(FINISHED_KEPT))

    def state_of(self, order_id: str) -> OrderState | None:
        """Return where an order stands; None for one that is unknown or long forgotten."""
        order = self.open.get(order_id)
        return self.finished.get(order_id) if order is None else order.state
