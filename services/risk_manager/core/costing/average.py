"""Weighted average cost: a position is one lot, and every unit of it cost the same."""

from decimal import Decimal

from common.money import ratio
from services.risk_manager.core.costing.lot import Lot


def add(lots: list[Lot], quantity: Decimal, cost: Decimal) -> None:
    """Put `quantity` units of the same sign, which cost `cost`, to the lots."""
    if lots:
        lots[0].quantity += quantity
        lots[0].cost += cost
    else:
        lots.append(Lot(quantity, cost))


def take(lots: list[Lot], quantity: Decimal) -> Decimal:
    """Take `quantity` units of the same sign, at most all, from the lots; return what they cost.

    A share that does not come out even is rounded to RATIO_PRECISION digits and the rest stays in the lot, so the cost
    taken and the cost left always add up to the cost that was there, and the last unit takes all that is left.
    """
    lot = lots[0]
    if quantity == lot.quantity:
        lots.clear()
        return lot.cost
    cost = ratio(lot.cost * quantity, lot.quantity)
    lot.quantity -= quantity
    lot.cost -= cost
    return cost
