"""From a run to its figures."""

import math
from collections.abc import Sequence
from itertools import pairwise
from operator import mul

from services.backtest.metrics import returns as ratios
from services.backtest.metrics.benchmark import buy_and_hold
from services.backtest.metrics.drawdowns import Drawdown, deepest
from services.backtest.metrics.model import Metrics
from services.backtest.metrics.parts import by_part
from services.backtest.metrics.round_trips import trade_figures
from services.backtest.result import EquityPoint, RunResult


def compute(result: RunResult) -> Metrics:
    """Return the figures of a run, whole or partial; every figure is finite, or None where it is undefined."""
    cash, equity = float(result.initial_cash), result.equity
    sampled = ratios.sample(cash, equity)
    returns, rate = sampled.returns(), sampled.periods_per_year
    fall = deepest(cash, equity)
    total = float(result.final_equity / result.initial_cash - 1) if cash > 0 else 0.0
    annualised = ratios.annualised_return(sampled, _span_ns(equity))
    held = buy_and_hold(result.closes)
    mean_equity = math.fsum(point.equity for point in equity) / len(equity) if equity else cash
    weights = _weights(equity)
    return Metrics(
        total_return=total,
        annualised_return=annualised,
        volatility=ratios.volatility(returns, rate),
        sharpe=ratios.sharpe(returns, rate),
        sortino=ratios.sortino(returns, rate),
        calmar=annualised / -fall.depth if annualised is not None and fall.depth < 0 else None,
        sampling="daily" if sampled.is_daily else "per bar",
        periods_per_year=rate,
        returns=len(returns),
        max_drawdown=fall.depth,
        drawdown_peak_ns=fall.peak_ns,
        drawdown_trough_ns=fall.trough_ns,
        drawdown_recovered_ns=fall.recovered_ns,
        drawdown_duration_ns=_between(fall.peak_ns, fall.trough_ns) or 0,
        drawdown_recovery_ns=_recovery_ns(fall),
        longest_underwater_ns=fall.longest_underwater_ns,
        exposure=_exposure(equity, weights),
        time_in_market=_weighted([float(point.exposure != 0) for point in equity], weights),
        turnover=float(result.turnover),
        turnover_ratio=float(result.turnover) / mean_equity if mean_equity > 0 else None,
        fees=float(result.fees),
        slippage=float(result.slippage_paid),
        benchmark_return=held[-1] - 1.0 if held else None,
        excess_return=total - (held[-1] - 1.0) if held else None,
        trades=trade_figures(result.trades),
        strategies=by_part(result, sampled, result.strategies, lambda trade: trade.strategy),
        symbols=by_part(result, sampled, result.closes, lambda trade: trade.symbol),
    )


def _span_ns(equity: Sequence[EquityPoint]) -> int:
    return equity[-1].time_ns - equity[0].time_ns if equity else 0


def _between(start_ns: int | None, end_ns: int | None) -> int | None:
    return None if start_ns is None or end_ns is None else end_ns - start_ns


def _recovery_ns(fall: Drawdown) -> int | None:
    return _between(fall.trough_ns, fall.recovered_ns)


def _exposure(equity: Sequence[EquityPoint], weights: Sequence[float]) -> float:
    solvent = [(point, weight) for point, weight in zip(equity, weights, strict=True) if point.equity > 0]
    parts = [abs(point.exposure) / point.equity for point, _ in solvent]
    return _weighted(parts, [weight for _, weight in solvent])


def _weights(equity: Sequence[EquityPoint]) -> list[float]:
    """Return for how long each point stands: since the one before it; the first as long as the shortest other."""
    if not equity:
        return []
    steps = [after.time_ns - before.time_ns for before, after in pairwise(equity)]
    shortest = min(steps, default=1)
    return [1.0, *(step / shortest for step in steps)] if shortest > 0 else [1.0] * len(equity)


def _weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    """Return the mean of values by weight; 0.0 of none."""
    total = math.fsum(weights)
    return math.fsum(map(mul, values, weights)) / total if values and total > 0 else 0.0
