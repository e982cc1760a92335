"""What orders trade at the lying venue, and when: whole or in parts, at once or later, or after they were cancelled."""

from decimal import Decimal
from typing import Final

import msgspec

from common.messages import OrderType, TimeInForce
from common.order_terms import CONDITIONAL
from orrery.lying_venue.book import Held
from orrery.lying_venue.ground import Ground
from services.execution.core.asking import OrderStanding

LOT: Final = Decimal("0.001")
PARTS: Final = 3
AT_ONCE: Final = 0.4
"""Share of limit orders that trade a part as they arrive."""


def trade(venue: Ground, held: Held, now_ns: int) -> None:
    """Decide what an order trades as it arrives, and when the rest of it does."""
    body, terms = held.body, held.body.terms
    venue.push(held.view(), now_ns)
    if terms is not msgspec.UNSET and terms.expires_ns:
        venue.later(max(terms.expires_ns, now_ns), lambda at: _expire(venue, held, at))
    if body.type in CONDITIONAL:
        _rest(venue, held, now_ns)  # when it is triggered, chance says
        return
    if body.tif is TimeInForce.FOK:
        if venue.chance.random() < AT_ONCE:
            _fill(venue, held, held.left, now_ns)
    elif body.type is OrderType.MARKET:
        for _ in range(venue.chance.randrange(PARTS)):
            _fill_part(venue, held, now_ns)
        _fill(venue, held, held.left, now_ns)
    elif not _posts(held) and venue.chance.random() < AT_ONCE:
        _fill_part(venue, held, now_ns)
    if held.standing is OrderStanding.OPEN and body.tif in (TimeInForce.IOC, TimeInForce.FOK):
        venue.book.end(held, OrderStanding.CANCELLED, now_ns)
        venue.push(held.view(), now_ns)
    _rest(venue, held, now_ns)


def _posts(held: Held) -> bool:
    return held.body.terms is not msgspec.UNSET and held.body.terms.post_only


def _expire(venue: Ground, held: Held, now_ns: int) -> None:
    if held.standing is OrderStanding.OPEN:
        venue.book.end(held, OrderStanding.CANCELLED, now_ns)
        venue.later(now_ns + venue.lies.reply_ns, lambda at: venue.push(held.view(), at))  # behind its last fill


def fill_after_end(venue: Ground, held: Held, now_ns: int) -> None:
    """Trade a part of an order that was told to be cancelled, some time later."""
    at_ns = now_ns + venue.chance.randrange(1, venue.lies.slow_ns)
    venue.later(at_ns, lambda at: _fill_part(venue, held, at))


def _rest(venue: Ground, held: Held, now_ns: int) -> None:
    if held.standing is OrderStanding.OPEN:
        at_ns = now_ns + venue.chance.randrange(1, 2 * venue.lies.rest_ns)
        venue.later(at_ns, lambda at: _traded(venue, held, at))


def _traded(venue: Ground, held: Held, now_ns: int) -> None:
    if held.standing is OrderStanding.OPEN:
        _fill_part(venue, held, now_ns)
        _rest(venue, held, now_ns)


def _fill_part(venue: Ground, held: Held, now_ns: int) -> None:
    lots = int(held.left / LOT)
    _fill(venue, held, LOT * venue.chance.randint(1, lots) if lots else Decimal(0), now_ns)


def _fill(venue: Ground, held: Held, quantity: Decimal, now_ns: int) -> None:
    if not quantity:
        return
    price = held.body.limit_price or Decimal(venue.chance.randrange(9_990, 10_010)) / 100
    fill = venue.book.fill(held, quantity, price, now_ns)
    venue.push(fill, now_ns)
    venue.push(held.view(), now_ns)
