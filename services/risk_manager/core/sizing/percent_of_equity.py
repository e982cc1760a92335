"""Every entry is worth the same share of the equity: quantity = share * equity / price.

Source: the fixed fractional rule as in R. Vince, "Portfolio Management Formulas" (1990), on the worth of a position.
"""

from common.money import HUNDRED, figure
from services.risk_manager.core.basis import Basis, Size


def size(basis: Basis) -> Size:
    """Spend risk.sizing.equity_percent of the equity."""
    share = basis.plan.equity_share
    return Size(share * basis.equity, basis.price * basis.rate, {"equity_percent": figure(share * HUNDRED)})
