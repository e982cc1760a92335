"""Orders that wait for a price: when they are triggered, how a trailing one follows, and what becomes of them.

How it works: a stop is triggered when the price has moved against its owner's hope (a buyer's at or above the trigger, a
seller's at or below), a take-profit the other way round. A trailing stop keeps its distance from the best price since it
was taken; its level moves towards the market alone, and lies on the tick, never nearer than was asked. What is triggered
once stays so: from then on it is a market or a limit order at the prices that there are, however far they have jumped.
"""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from common.messages import OrderType, Quote, Side, TimeInForce, TriggerBy
from common.money import BASIS_POINT, decimal_of
from common.order_terms import NO_TERMS, WITH_PRICE
from services.execution.core.pricing import touch
from services.execution.core.venue import VenueOrder

HALF: Final = Decimal("0.5")
_STOPS: Final = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)


class Armed(msgspec.Struct, gc=False):
    """An order that waits for its trigger. level: where that is now, quote units."""

    order: VenueOrder
    level: Decimal


def arm(order: VenueOrder, price: Decimal, tick: Decimal) -> Armed:
    """Let an order wait; price: what triggers it, as it is now."""
    terms = order.terms or NO_TERMS
    return Armed(order, _behind(order, price, tick) if terms.trigger_price is None else terms.trigger_price)


def is_triggered(armed: Armed, price: Decimal, tick: Decimal) -> bool:
    """Return whether a price triggers the order; moves a trailing stop along."""
    order, is_buy = armed.order, armed.order.side is Side.BUY
    if order.order_type is OrderType.TRAILING_STOP:
        level = _behind(order, price, tick)
        if level < armed.level if is_buy else level > armed.level:
            armed.level = level
    is_above = price >= armed.level
    if price == armed.level:
        return True
    return is_above is (is_buy is (order.order_type in _STOPS))


def _behind(order: VenueOrder, price: Decimal, tick: Decimal) -> Decimal:
    terms = order.terms or NO_TERMS
    away = price * (terms.trail_bps or 0) * BASIS_POINT if terms.trail is None else terms.trail
    if order.side is Side.SELL:
        return price - away - (price - away) % tick
    beyond = (price + away) % tick
    return price + away + (tick - beyond if beyond else 0)


def triggered(order: VenueOrder) -> VenueOrder:
    """Return what an order is once it was triggered: at market, or at its limit as long as it may last."""
    terms = replace(
        order.terms or NO_TERMS, trigger_price=None, trail=None, trail_bps=None, trigger_by=TriggerBy.DEFAULT
    )
    if order.order_type in WITH_PRICE:
        return replace(order, order_type=OrderType.LIMIT, terms=terms)
    terms = replace(terms, expires_ns=0)  # it does not last
    return replace(order, order_type=OrderType.MARKET, time_in_force=TimeInForce.IOC, terms=terms)


def price_of(order: VenueOrder, quote: Quote) -> Decimal:
    """Return the price that triggers an order, of a quote: its own side of the market, or the middle."""
    if order.terms is not None and order.terms.trigger_by is TriggerBy.MID:
        return (decimal_of(quote.bid) + decimal_of(quote.ask)) * HALF
    return touch(quote, order.side)


def changed(before: VenueOrder, wanted: VenueOrder) -> VenueOrder:
    """Return an order as an amend leaves it: with the quantity, limit and trigger price of `wanted`."""
    terms = before.terms
    if terms is not None and terms.trigger_price is not None and wanted.terms is not None:
        terms = replace(terms, trigger_price=wanted.terms.trigger_price)
    limit = before.limit_price if before.limit_price is None else wanted.limit_price
    return replace(before, quantity=wanted.quantity, limit_price=limit, terms=terms)


def group_of(order: VenueOrder) -> str:
    """Return the name under which orders cancel one another, empty for none."""
    return "" if order.terms is None else order.terms.oco
