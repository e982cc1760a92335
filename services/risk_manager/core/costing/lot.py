"""A lot: units held together and what they cost."""

from decimal import Decimal

import msgspec

from common.money import ratio

MAX_LOTS = 1_000
"""Lots kept of a position; more are put together, two by two, where they would be taken last."""


class Lot(msgspec.Struct, array_like=True, gc=False):
    """Units held together and what they cost: both negative when short, so that cost / quantity is a price."""

    quantity: Decimal
    cost: Decimal


def take_from(lots: list[Lot], place: int, quantity: Decimal) -> Decimal:
    """Take `quantity` units from the lots, beginning at one end (place 0 or -1); return what they cost.

    A share that does not come out even is rounded to RATIO_PRECISION digits and the rest stays in the lot, so the cost
    taken and the cost left always add up to the cost that was there, and the last unit takes all that is left.
    """
    cost, left = quantity - quantity, quantity
    while left:
        lot = lots[place]
        if abs(lot.quantity) <= abs(left):
            cost += lot.cost
            left -= lot.quantity
            del lots[place]
            continue
        share = ratio(lot.cost * left, lot.quantity)
        lot.quantity -= left
        lot.cost -= share
        return cost + share
    return cost


def put_together(lots: list[Lot], place: int) -> None:
    """Make one lot of two neighbours, the first of which is at `place`."""
    lot, other = lots[place], lots.pop(place + 1)
    lot.quantity += other.quantity
    lot.cost += other.cost
