"""A typical move of the price is worth the same share of the equity: quantity = share * equity / move.

The move is the ATR that the strategy names, else the standard deviation over risk.sizing.volatility_horizon_ms of the
marks that risk saw itself. Sources: C. Faith, "Way of the Turtle" (2007), units by N, the 20-day ATR of W. Wilder, "New
Concepts in Technical Trading Systems" (1978); R. Carver, "Systematic Trading" (2015), volatility targeting.
"""

from common.money import HUNDRED, ZERO, figure
from services.risk_manager.core.basis import Basis, Size, unsized


def size(basis: Basis) -> Size:
    """Let a typical move be worth risk.sizing.volatility_percent of the equity."""
    share, move = basis.plan.volatility_share, basis.move
    figures = {"volatility_percent": figure(share * HUNDRED)}
    if move is None:
        return unsized(basis.move_from, figures)
    figures |= {"move": figure(move), "move_from": basis.move_from}
    if move <= ZERO:
        return unsized("the price has not moved: there is no volatility to size by", figures)
    return Size(share * basis.equity, move * basis.rate, figures)
