"""Every entry loses the same share of the equity at its stop: quantity = share * equity / |price - stop|.

Source: V. K. Tharp, "Trade Your Way to Financial Freedom" (1998), the percent risk model: R is the loss at the initial
stop. What a gap through the stop and fees cost comes on top.
"""

from common.money import HUNDRED, ZERO, figure
from services.risk_manager.core.basis import Basis, Size, stop_distance, unsized


def size(basis: Basis) -> Size:
    """Lose at most risk.sizing.risk_percent of the equity at the stop; less where the strategy asks for less."""
    share, asked = basis.plan.risk_share, basis.asked_risk
    figures = {"risk_percent": figure(share * HUNDRED)}
    if asked is not None:
        figures["asked_percent"] = figure(asked * HUNDRED)
        share = min(share, asked)
    distance = stop_distance(basis)
    if basis.stop is None or distance is None:
        return unsized("risk_per_trade needs a stop, the entry has none", figures)
    figures["stop"] = figure(basis.stop)
    if distance <= ZERO:
        return unsized(f"the market is at {figure(basis.price)}, at or beyond the stop {figure(basis.stop)}", figures)
    return Size(share * basis.equity, distance * basis.rate, figures)
