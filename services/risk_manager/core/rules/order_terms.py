"""Refuses an order whose type, time in force, prices and flags do not go together (docs/orders.md)."""

from msgspec import UNSET

from common.messages import OrderIntent, OrderType, TimeInForce
from common.order_terms import fault_of
from services.risk_manager.core.view import Refusal, View

CODE = 206


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse what no venue could take; what a market or limit order lacks, other rules say."""
    kind = intent.order_type
    is_plain = kind is OrderType.MARKET or kind is OrderType.LIMIT
    if is_plain and intent.terms is UNSET and intent.time_in_force is not TimeInForce.GTD:
        return None
    terms = None if intent.terms is UNSET else intent.terms
    fault = fault_of(intent.order_type, intent.time_in_force, intent.limit_price, terms)
    if not fault:
        return None
    expected, _, found = fault.partition(", found ")
    return Refusal(expected, found, f"{intent.id}: {fault}")
