"""How the cost of closed units is told: one file a method, each two functions over a position's lots, `add` and `take`."""

from decimal import Decimal
from typing import Final, Protocol, cast

from services.risk_manager.core.costing import average, fifo, lifo
from services.risk_manager.core.costing.lot import Lot


class Costing(Protocol):
    """A method."""

    def add(self, lots: list[Lot], quantity: Decimal, cost: Decimal) -> None:
        """Put `quantity` units of the same sign, which cost `cost`, to the lots."""
        ...

    def take(self, lots: list[Lot], quantity: Decimal) -> Decimal:
        """Take `quantity` units of the same sign, at most all, from the lots; return what they cost."""
        ...


METHODS: Final[dict[str, Costing]] = {
    "average": cast(Costing, average),
    "fifo": cast(Costing, fifo),
    "lifo": cast(Costing, lifo),
}
"""Each method by its name in risk.position_method."""
