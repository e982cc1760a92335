"""The same quantity each time, whatever the account is worth."""

from common.money import ONE, figure
from services.risk_manager.core.basis import Basis, Size


def size(basis: Basis) -> Size:
    """Return risk.sizing.quantity, base units."""
    quantity = basis.plan.quantity
    return Size(quantity, ONE, {"quantity": figure(quantity)}, is_capped=False)
