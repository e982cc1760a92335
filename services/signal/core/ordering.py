"""Makes an intent the order that was asked for, on the instrument's steps."""

from decimal import Decimal
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from common.instruments import Instrument
from common.messages import Guards, OrderIntent, OrderTerms
from common.money import ZERO, decimal_of, use_money_context
from common.order_terms import BASIS_POINTS, fault_of
from services.signal.core.asking_orders import Asked, Guarding
from services.signal.core.reading import AnswerError

NS_PER_SECOND: Final = 1_000_000_000


def ordered(intent: OrderIntent, asked: Asked, facts: Instrument) -> OrderIntent:
    """Return an intent with the order that was asked for; raises AnswerError where its parts do not go together."""
    limit = None if asked.price is None else price_on_tick(facts, asked.price, "price")
    terms = _terms(asked, facts, intent.event_ns) if asked.has_terms else None
    fault = fault_of(asked.order_type, asked.time_in_force, limit, terms)
    if fault:
        raise AnswerError(fault)
    order_type, in_force = asked.order_type, asked.time_in_force
    return replace(
        intent,
        order_type=order_type,
        time_in_force=in_force,
        limit_price=limit,
        terms=UNSET if terms is None else terms,
    )


def _terms(asked: Asked, facts: Instrument, now_ns: int) -> OrderTerms:
    if asked.expires_in is not None and asked.expires_at is not None:
        raise AnswerError("expires_in: expected either expires_in or expires_at, found both")
    expires_ns = 0
    if asked.expires_in is not None:
        expires_ns = now_ns + round(asked.expires_in * NS_PER_SECOND)
    elif asked.expires_at is not None:
        expires_ns = round(asked.expires_at * NS_PER_SECOND)
        if expires_ns <= now_ns:
            raise AnswerError(f"expires_at: expected a time to come, found {asked.expires_at:g}")
    return OrderTerms(
        trigger_price=None if asked.trigger is None else price_on_tick(facts, asked.trigger, "trigger_price"),
        trigger_by=asked.trigger_by,
        trail=None if asked.trail is None else price_on_tick(facts, asked.trail, "trail"),
        trail_bps=None if asked.trail_share is None else decimal_of(asked.trail_share) * BASIS_POINTS,
        expires_ns=expires_ns,
        post_only=asked.post_only,
    )


def guards_of(guarding: Guarding, facts: Instrument) -> Guards:
    """Return what risk shall watch; raises AnswerError where nothing is left on the tick."""
    distance, share, breakeven = guarding.distance, guarding.share, guarding.breakeven_at
    return Guards(
        trail=None if distance is None else price_on_tick(facts, distance, "trailing_stop"),
        trail_share=None if share is None else decimal_of(share),
        breakeven_at=None if breakeven is None else price_on_tick(facts, breakeven, "breakeven_at"),
    )


def price_on_tick(facts: Instrument, value: float, key: str) -> Decimal:
    """Return a price on the tick; raises AnswerError where nothing is left of it."""
    use_money_context()
    price = facts.price(value)
    if price <= ZERO:
        raise AnswerError(f"{key}: {value:g} is nothing on a tick of {facts.tick_size}")
    return price
