"""Refuses a limit order without a price, and any price that is not a positive number."""

from common.messages import OrderIntent, OrderType
from common.money import is_price
from services.risk_manager.core.view import Refusal, View

CODE = 203


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an order with a price that means nothing."""
    if intent.order_type is OrderType.LIMIT and intent.limit_price is None:
        return Refusal("a limit price", "none", f"{intent.id} is a limit order without a limit price")
    if intent.limit_price is None and intent.stop_price is None and intent.target_price is None:
        return None
    for name, price in (("limit", intent.limit_price), ("stop", intent.stop_price), ("target", intent.target_price)):
        if price is not None and not is_price(price):
            return Refusal("a positive price", str(price), f"{intent.id} names {price} as its {name} price")
    return None
