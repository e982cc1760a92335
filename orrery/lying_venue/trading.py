"""What orders trade at the lying venue, and when: whole or in parts, at once or later, or after they were cancelled."""

from decimal import Decimal
from typing import Final

from common.messages import OrderType, TimeInForce
from orrery.lying_venue.book import Held
from orrery.lying_venue.ground import Ground
from services.execution.core.asking import OrderStanding

LOT: Final = Decimal("0.001")
PARTS: Final = 3
AT_ONCE: Final = 0.4
"""Share of limit orders that trade a part as they arrive."""


def trade(venue: Ground, held: Held, now_ns: int) -> None:
    """Decide what an order trades as it arrives, and when the rest of it does."""
    body = held.body
    venue.push(held.view(), now_ns)
    if body.type is OrderType.MARKET:
        for _ in range(venue.chance.randrange(PARTS)):
            _fill_part(venue, held, now_ns)
        _fill(venue, held, held.left, now_ns)
    elif venue.chance.random() < AT_ONCE:
        _fill_part(venue, held, now_ns)
    if held.standing is OrderStanding.OPEN and body.tif is TimeInForce.IOC:
        venue.book.end(held, OrderStanding.CANCELLED, now_ns)
        venue.push(held.view(), now_ns)
    _rest(venue, held, now_ns)


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
