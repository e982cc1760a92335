"""Last in, first out: what was opened last is closed first."""

from decimal import Decimal

from services.risk_manager.core.costing.lot import MAX_LOTS, Lot, put_together, take_from


def add(lots: list[Lot], quantity: Decimal, cost: Decimal) -> None:
    """Put `quantity` units of the same sign, which cost `cost`, behind the lots."""
    lots.append(Lot(quantity, cost))
    if len(lots) > MAX_LOTS:
        put_together(lots, 0)


def take(lots: list[Lot], quantity: Decimal) -> Decimal:
    """Take `quantity` units of the same sign, at most all, from the newest lots; return what they cost."""
    return take_from(lots, -1, quantity)
