"""What an order waits for, before it is sent: where its trigger lies, how far that is, and what it is from then on."""

from decimal import Decimal

import msgspec

from common.instruments import Instrument
from common.money import HUNDRED, ZERO, decimal_of, ratio
from services.execution.core.conditions import arm, is_triggered, triggered
from services.execution.core.preview import Surroundings
from services.execution.core.venue import VenueOrder


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order is triggered. Prices and distance in quote units.

    level: where; of a trailing one where it would lie now. price: what triggers it, the best that it could take, as it is
    now. distance_percent: of that price. is_reached: it would be triggered at once. rises: it waits for a price at or above the level.
    """

    level: Decimal
    price: Decimal
    distance: Decimal
    distance_percent: Decimal
    is_reached: bool
    rises: bool


def trigger_of(order: VenueOrder, instrument: Instrument, around: Surroundings) -> Trigger:
    """Return what an order with a trigger, sound in itself, waits for."""
    price = decimal_of(around.levels[0][0])
    armed = arm(order, price, instrument.tick_size)
    level, distance = armed.level, abs(armed.level - price)
    is_reached = is_triggered(armed, price, instrument.tick_size)
    return Trigger(
        level=level,
        price=price,
        distance=distance,
        distance_percent=ratio(distance * HUNDRED, price),
        is_reached=is_reached,
        rises=(level >= price) is not is_reached,
    )


def from_then_on(order: VenueOrder, trigger: Trigger, around: Surroundings) -> tuple[VenueOrder, Surroundings]:
    """Return what the order is once it is triggered, and the market as it would be then: what is shown now, at that price."""
    if trigger.is_reached:
        return triggered(order), around
    away = trigger.level - trigger.price
    moved = [(decimal_of(price) + away, size) for price, size in around.levels]
    levels = [(float(price), size) for price, size in moved if price > ZERO]
    opposite = float(decimal_of(around.opposite) + away)
    return triggered(order), msgspec.structs.replace(around, levels=levels, opposite=opposite)
