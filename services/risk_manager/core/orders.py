"""Orders that risk approved: on their way until filled, cancelled or rejected, then remembered for late repeats."""

from decimal import Decimal

import msgspec

from common.messages import IntentKind, OrderType, Side
from common.recent import Recent

FINISHED_KEPT = 4_096
"""Finished orders remembered, so that a fill delivered again is known as such."""


class WorkingOrder(msgspec.Struct, gc=False):
    """An approved order that may still fill. remaining: base units. last_fill: highest fill number booked."""

    id: str
    runner: str
    symbol: str
    kind: IntentKind
    side: Side
    order_type: OrderType
    remaining: Decimal
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    is_accepted: bool = False
    is_cancel_sent: bool = False
    last_fill: int = 0


class Orders(msgspec.Struct):
    """Working orders by id; of the latest finished ones the highest fill number."""

    working: dict[str, WorkingOrder] = {}
    finished: Recent[int] = msgspec.field(default_factory=lambda: Recent(FINISHED_KEPT))
