"""What risk remembers of its comparison with execution."""

from decimal import Decimal

import msgspec

from services.risk_manager.core.latches import Latch

PENDING = Latch(
    "positions as execution has them",
    "not compared yet",
    "positions have not been held against execution's since the start",
)
"""What stands in the way of entries until the comparison has come out."""


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A position on which both differ: base units, as text."""

    symbol: str
    runner: str
    ours: str
    theirs: str


class Reconciliation(msgspec.Struct):
    """is_pending: since a start, nothing has come out yet. differences: of the latest outcome.

    is_latched: they stand in the way. accepted: by symbol and runner, by how much more risk may hold than execution.
    """

    is_pending: bool = False
    is_latched: bool = False
    differences: list[Held] = []
    accepted: dict[str, Decimal] = {}
