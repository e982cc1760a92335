"""From a run to its figures."""

import math
from collections.abc import Sequence

from services.backtest.metrics import returns as ratios
from services.backtest.metrics.benchmark import buy_and_hold
from services.backtest.metrics.drawdowns import Drawdown, deepest
from services.backtest.metrics.model import Metrics, TradeFigures
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
        exposure=_exposure(equity),
        time_in_market=sum(point.exposure != 0 for point in equity) / len(equity) if equity else 0.0,
        turnover=float(result.turnover),
        turnover_ratio=float(result.turnover) / mean_equity if mean_equity > 0 else None,
        fees=float(result.fees),
        slippage=float(result.slippage_paid),
        benchmark_return=held[-1] - 1.0 if held else None,
        excess_return=total - (held[-1] - 1.0) if held else None,
        trades=trade_figures(result.trades),
        strategies=_by_strategy(result),
    )


def _span_ns(equity: Sequence[EquityPoint]) -> int:
    return equity[-1].time_ns - equity[0].time_ns if equity else 0


def _between(start_ns: int | None, end_ns: int | None) -> int | None:
    return None if start_ns is None or end_ns is None else end_ns - start_ns


def _recovery_ns(fall: Drawdown) -> int | None:
    return _between(fall.trough_ns, fall.recovered_ns)


def _exposure(equity: Sequence[EquityPoint]) -> float:
    parts = [abs(point.exposure) / point.equity for point in equity if point.equity > 0]
    return math.fsum(parts) / len(parts) if parts else 0.0


def _by_strategy(result: RunResult) -> dict[str, TradeFigures]:
    names = dict.fromkeys((*result.strategies, *(trade.strategy for trade in result.trades)))
    return {name: trade_figures([trade for trade in result.trades if trade.strategy == name]) for name in names}
