"""What a sizing model may know, and what it answers. Money in the account's currency, prices in the quote currency."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from common.messages import Sized
from services.risk_manager.core.plans import Plan


class Basis(msgspec.Struct, frozen=True, gc=False):
    """An entry to be sized. price: what a unit would cost now. rate: account currency per unit of quote currency.

    stop: where it will be closed, None without a stop. asked_risk: share of the equity, None where the strategy names none.
    move: a typical move of the price, None while that is not known, and move_from says whence, or what is missing.
    returns: of the runner's closed trades, the oldest first.
    """

    plan: Plan
    equity: Decimal
    price: Decimal
    rate: Decimal
    is_buy: bool
    stop: Decimal | None = None
    asked_risk: Decimal | None = None
    move: Decimal | None = None
    move_from: str = ""
    returns: Sequence[Decimal] = ()


class Size(msgspec.Struct, frozen=True, gc=False):
    """The most that may be spent, lost or moved, and what a unit takes of it; the quantity is the quotient on the lot.

    figures: the model's inputs by name. missing: why there is no size; budget and per_unit are then of no meaning.
    is_capped: whether plan.cap holds for it.
    """

    budget: Decimal
    per_unit: Decimal
    figures: dict[str, str]
    missing: str = ""
    is_capped: bool = True


class Sizing(msgspec.Struct, frozen=True, gc=False):
    """What became of sizing an entry. quantity: on the lot, 0 if nothing fits. missing: why there is no size."""

    quantity: Decimal
    sized: Sized
    missing: str = ""

    @property
    def detail(self) -> str:
        """Return model and inputs in words."""
        shown = ", ".join(f"{name} {value}" for name, value in self.sized.figures.items())
        return f"sized by {self.sized.model}" + (f" with {shown}" if shown else "")


def unsized(missing: str, figures: dict[str, str] | None = None) -> Size:
    """Return that there is no size, and why."""
    return Size(Decimal(0), Decimal(1), figures or {}, missing)


def stop_distance(basis: Basis) -> Decimal | None:
    """Return how far the stop is from the price on the losing side, not above 0 if the market is there; None without one."""
    if basis.stop is None:
        return None
    return basis.price - basis.stop if basis.is_buy else basis.stop - basis.price
