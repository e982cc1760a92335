"""Orders that risk approved: on their way until filled, cancelled or rejected, then remembered for late repeats."""

from decimal import Decimal

import msgspec
from msgspec import UNSET

from common.messages import Guards, IntentKind, OrderIntent, OrderType, Side
from common.money import ZERO
from common.order_terms import rests
from common.recent import Recent
from services.risk_manager.core.positions import Position

FINISHED_KEPT = 4_096
"""Finished orders remembered, so that a fill delivered again is known as such."""


class WorkingOrder(msgspec.Struct, gc=False):
    """An approved order that may still fill. remaining: base units. last_fill: highest fill number booked.

    amending: id of the change on its way; raised: how much of `remaining` it asks for beyond what there was. wanted: the intent as it stands
    now, of orders that rest. oco: the group of which no more than the largest fills, empty where the venue does not see to it.
    """

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
    guards: Guards | None = None
    oco: str = ""
    raised: Decimal = ZERO
    amending: str = ""
    wanted: OrderIntent | None = None


class Orders(msgspec.Struct):
    """Working orders by id; of the latest finished ones the highest fill number."""

    working: dict[str, WorkingOrder] = {}
    finished: Recent[int] = msgspec.field(default_factory=lambda: Recent(FINISHED_KEPT))


def note_terms(
    working: WorkingOrder, intent: OrderIntent, limit_price: Decimal | None, *, links_orders: bool = True
) -> None:
    """Note of an intent what matters while its order rests, at `limit_price`, and what it wants guarded once it fills."""
    if intent.guards is not UNSET:
        working.guards = intent.guards
    if intent.terms is not UNSET:
        working.oco = intent.terms.oco if links_orders else ""
    if rests(intent.order_type, intent.time_in_force):
        working.wanted = msgspec.structs.replace(intent, quantity=working.remaining, limit_price=limit_price)


def grown(orders: Orders, order: WorkingOrder, quantity: Decimal) -> Decimal:
    """Return how much `quantity` of an order adds to what its group can fill: the group fills no more than its largest."""
    others = ZERO
    for other in orders.working.values():
        is_of_group = other.oco == order.oco and other.runner == order.runner and other.symbol == order.symbol
        if is_of_group and other.side is order.side and other.id != order.id:
            others = max(others, other.remaining)
    return max(quantity - others, ZERO)


def reserved(orders: Orders, intent: OrderIntent) -> Decimal:
    """Return how much the other orders of an intent's group take of its position already; 0 where it has none."""
    if intent.terms is UNSET or not intent.terms.oco:
        return ZERO
    name = intent.terms.oco
    largest = total = ZERO
    for other in orders.working.values():
        if _group(other) == name and other.runner == intent.runner and other.side is intent.side:
            largest, total = max(largest, other.remaining), total + other.remaining
            if not other.oco:
                largest = total
    return largest


def _group(order: WorkingOrder) -> str:
    wanted = order.wanted
    return "" if wanted is None or wanted.terms is UNSET else wanted.terms.oco


def count_off(orders: Orders, order: WorkingOrder, position: Position, quantity: Decimal) -> None:
    """Take a part of what an order still asks for off its position; quantity negative: add."""
    before, after = order.remaining, order.remaining - quantity
    if order.oco:
        quantity = grown(orders, order, before) - grown(orders, order, after)
    if order.side is Side.BUY:
        position.buying -= quantity
    else:
        position.selling -= quantity
    order.remaining = after
