"""Which types of order go with which prices, time in force and flags: one table for strategies, risk and venues."""

from decimal import Decimal
from typing import Final, NamedTuple

from common.messages import OrderTerms, OrderType, TimeInForce, TriggerBy
from common.money import is_price

_NOW: Final = (TimeInForce.IOC, TimeInForce.FOK)
_RESTING: Final = (TimeInForce.GTC, TimeInForce.GTD)
BASIS_POINTS: Final = Decimal(10_000)


class Allowed(NamedTuple):
    """What a type of order needs and what it may have. needs_trail: either a distance or basis points."""

    needs_price: bool
    needs_trigger: bool
    needs_trail: bool
    times: tuple[TimeInForce, ...]
    may_post: bool


TABLE: Final[dict[OrderType, Allowed]] = {
    OrderType.MARKET: Allowed(False, False, False, (TimeInForce.GTC, *_NOW), False),
    OrderType.LIMIT: Allowed(True, False, False, (*_RESTING, *_NOW), True),
    OrderType.STOP: Allowed(False, True, False, _RESTING, False),
    OrderType.STOP_LIMIT: Allowed(True, True, False, (*_RESTING, *_NOW), True),
    OrderType.TAKE_PROFIT: Allowed(False, True, False, _RESTING, False),
    OrderType.TAKE_PROFIT_LIMIT: Allowed(True, True, False, (*_RESTING, *_NOW), True),
    OrderType.TRAILING_STOP: Allowed(False, False, True, _RESTING, False),
}
"""What goes together. IOC and FOK of an order with a trigger begin when it is triggered; until then it waits."""

CONDITIONAL: Final = frozenset(kind for kind, allowed in TABLE.items() if allowed.needs_trigger or allowed.needs_trail)
"""Types that wait for a trigger."""
WITH_PRICE: Final = frozenset(kind for kind, allowed in TABLE.items() if allowed.needs_price)
"""Types that trade at a limit."""

NO_TERMS: Final = OrderTerms()
LEGS: Final = 2
"""Orders of a pair that risk lets through together."""


def rests(order_type: OrderType, time_in_force: TimeInForce) -> bool:
    """Return whether an order may stay at the venue for a while before it trades."""
    if order_type is OrderType.MARKET:
        return False
    return order_type in CONDITIONAL or time_in_force in _RESTING


def fault_of(
    order_type: OrderType, time_in_force: TimeInForce, limit_price: Decimal | None, terms: OrderTerms | None
) -> str:
    """Return what does not go together in an order, as `key: expected …, found …`; empty where all does."""
    allowed, has = TABLE[order_type], NO_TERMS if terms is None else terms
    if time_in_force not in allowed.times:
        return f"time_in_force: expected {' or '.join(allowed.times)} for {order_type}, found {time_in_force}"
    return (
        _price_fault("limit_price", limit_price, order_type, is_needed=allowed.needs_price)
        or _price_fault("trigger_price", has.trigger_price, order_type, is_needed=allowed.needs_trigger)
        or _trail_fault(order_type, has, is_needed=allowed.needs_trail)
        or _time_fault(time_in_force, has)
        or _flag_fault(order_type, time_in_force, has, allowed)
    )


def _price_fault(key: str, price: Decimal | None, order_type: OrderType, *, is_needed: bool) -> str:
    if price is None:
        return f"{key}: expected a price for {order_type}, found nothing" if is_needed else ""
    if not is_needed:
        return f"{key}: expected nothing for {order_type}, found {price}"
    return "" if is_price(price) else f"{key}: expected a positive price, found {price}"


def _trail_fault(order_type: OrderType, terms: OrderTerms, *, is_needed: bool) -> str:
    trails = [trail for trail in (terms.trail, terms.trail_bps) if trail is not None]
    if not is_needed:
        return f"trail: expected nothing for {order_type}, found {trails[0]}" if trails else ""
    if len(trails) != 1:
        return f"trail: expected a distance or basis points for {order_type}, found {'both' if trails else 'nothing'}"
    if not is_price(trails[0]) or (terms.trail_bps is not None and terms.trail_bps >= BASIS_POINTS):
        return f"trail: expected a positive distance, less than the price, found {trails[0]}"
    return ""


def _time_fault(time_in_force: TimeInForce, terms: OrderTerms) -> str:
    if time_in_force is TimeInForce.GTD and terms.expires_ns <= 0:
        return "expires_at: expected a time for gtd, found nothing"
    if time_in_force is not TimeInForce.GTD and terms.expires_ns:
        return f"expires_at: expected nothing for {time_in_force}, found {terms.expires_ns}"
    return ""


def _flag_fault(order_type: OrderType, time_in_force: TimeInForce, terms: OrderTerms, allowed: Allowed) -> str:
    if terms.post_only and not (allowed.may_post and time_in_force in _RESTING):
        return f"post_only: expected an order with a limit price that rests, found {order_type} {time_in_force}"
    if terms.trigger_by is not TriggerBy.DEFAULT and order_type not in CONDITIONAL:
        return f"trigger_by: expected nothing for {order_type}, found {terms.trigger_by}"
    if terms.oco and not rests(order_type, time_in_force):
        return f"oco: expected an order that rests, found {order_type} {time_in_force}"
    if terms.legs not in ((0, LEGS) if terms.oco else (0,)):
        return f"legs: expected {LEGS} of a group or nothing, found {terms.legs}"
    return ""
