"""A fraction of what makes capital grow fastest, by the runner's own closed trades or by configured odds.

Own trades: f = mean / variance of the returns on what was put in, and that share of the equity is put in: E. O. Thorp,
"The Kelly Criterion in Blackjack, Sports Betting, and the Stock Market" (2006), the continuous approximation. Odds:
f = p - (1 - p) / b with win rate p and payoff b, and that share of the equity is lost at the stop: J. L. Kelly, "A New
Interpretation of Information Rate" (1956). With full Kelly the capital is halved at some time with probability 1/2, so
a fraction is usual.
"""

from collections.abc import Sequence
from decimal import Decimal

from common.money import HUNDRED, ONE, ZERO, figure, ratio
from services.risk_manager.core.basis import Basis, Size, stop_distance, unsized


def size(basis: Basis) -> Size:
    """Stake risk.sizing.kelly_fraction of the Kelly fraction."""
    return _by_odds(basis) if basis.plan.win_rate else _by_trades(basis)


def _by_odds(basis: Basis) -> Size:
    plan, distance = basis.plan, stop_distance(basis)
    full = plan.win_rate - ratio(ONE - plan.win_rate, plan.payoff)
    figures = {"win_rate": figure(plan.win_rate), "payoff": figure(plan.payoff), **_shown(basis, full)}
    if full <= ZERO:
        return unsized("the odds have no edge: the Kelly fraction is not above 0", figures)
    if basis.stop is None or distance is None:
        return unsized("kelly by win rate and payoff needs a stop, the entry has none", figures)
    figures["stop"] = figure(basis.stop)
    if distance <= ZERO:
        return unsized(f"the market is at {figure(basis.price)}, at or beyond the stop {figure(basis.stop)}", figures)
    return Size(_staked(basis, full), distance * basis.rate, figures)


def _by_trades(basis: Basis) -> Size:
    needed, returns = basis.plan.kelly_trades, basis.returns
    figures = {"trades": str(len(returns)), "trades_needed": str(needed)}
    if len(returns) < needed:
        return unsized(f"kelly needs {needed} closed trades of the runner, there are {len(returns)}", figures)
    mean, variance = _moments(returns)
    figures |= {"mean_return": figure(mean), "variance": figure(variance)}
    if mean <= ZERO:
        return unsized("the runner's closed trades have no edge: their mean return is not above 0", figures)
    if not variance:
        return unsized("the runner's closed trades all brought the same: there is no variance to divide by", figures)
    full = ratio(mean, variance)
    return Size(_staked(basis, full), basis.price * basis.rate, figures | _shown(basis, full))


def _moments(returns: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Return mean and sample variance."""
    count = len(returns)
    mean = ratio(sum(returns, ZERO), Decimal(count))
    squares = sum(((each - mean) * (each - mean) for each in returns), ZERO)
    return mean, ratio(squares, Decimal(count - 1))


def _staked(basis: Basis, full: Decimal) -> Decimal:
    return full * basis.plan.kelly_fraction * basis.equity


def _shown(basis: Basis, full: Decimal) -> dict[str, str]:
    return {"kelly_percent": figure(full * HUNDRED), "kelly_fraction": figure(basis.plan.kelly_fraction)}
