"""The book of orders: those at the venue, and the latest that ended."""

from decimal import Decimal

import msgspec

from common.messages import ApprovedOrder
from common.recent import Recent
from services.execution.core.life_cycle import OrderState

FINISHED_KEPT = 10_000
"""Finished orders that can still be asked for."""


class Order(msgspec.Struct, gc=False):
    """An order and where it stands. quantity: what was sent, at most what was approved; fills: how many there were."""

    approved: ApprovedOrder
    quantity: Decimal
    remaining: Decimal
    state: OrderState = OrderState.SUBMITTED
    fills: int = 0


class OrderBook(msgspec.Struct):
    """Open orders by id, and how the latest finished ones ended."""

    open: dict[str, Order] = {}
    finished: Recent[OrderState] = msgspec.field(default_factory=lambda: Recent(FINISHED_KEPT))

    def state_of(self, order_id: str) -> OrderState | None:
        """Return where an order stands; None for one that is unknown or long forgotten."""
        order = self.open.get(order_id)
        return self.finished.get(order_id) if order is None else order.state
