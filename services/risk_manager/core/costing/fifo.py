"""First in, first out: what was opened first is closed first."""

from decimal import Decimal

from services.risk_manager.core.costing.lot import MAX_LOTS, Lot, put_together, take_from


def add(lots: list[Lot], quantity: Decimal, cost: Decimal) -> None:
    """Put `quantity` units of the same sign, which cost `cost`, behind the lots."""
    lots.append(Lot(quantity, cost))
    if len(lots) > MAX_LOTS:
        put_together(lots, MAX_LOTS - 1)


def take(lots: list[Lot], quantity: Decimal) -> Decimal:
    """Take `quantity` units of the same sign, at most all, from the oldest lots; return what they cost."""
    return take_from(lots, 0, quantity)
