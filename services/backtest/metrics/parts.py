"""Figures of a part of a run: one strategy's trades, or one symbol's, as if they alone had moved the account.

How it works: a part's curve is the initial cash and, from each trade's end on, its profit. What an open position is worth
meanwhile belongs to the account alone, so that the parts add up to the round trips exactly.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

import msgspec

from services.backtest.metrics import returns as ratios
from services.backtest.metrics.drawdowns import deepest
from services.backtest.metrics.model import PartFigures
from services.backtest.metrics.returns import Sample
from services.backtest.metrics.round_trips import trade_figures
from services.backtest.result import ClosedTrade, EquityPoint, RunResult


def by_part(
    result: RunResult, sampled: Sample, names: Iterable[str], part_of: Callable[[ClosedTrade], str]
) -> dict[str, PartFigures]:
    """Return the figures of each part by its name; a part without a trade has zeros. sampled: the account's periods."""
    trades: dict[str, list[ClosedTrade]] = {name: [] for name in names}
    for trade in result.trades:
        trades.setdefault(part_of(trade), []).append(trade)
    return {name: _figures(part, result, sampled) for name, part in trades.items()}


def profit_curve(trades: Sequence[ClosedTrade]) -> tuple[list[int], list[float]]:
    """Return the times at which trades ended, and what they had made together by then, account currency."""
    ordered = sorted(trades, key=lambda trade: trade.exit_ns)
    return [trade.exit_ns for trade in ordered], [*accumulate(float(trade.pnl) for trade in ordered)]


def _figures(trades: Sequence[ClosedTrade], result: RunResult, sampled: Sample) -> PartFigures:
    cash = float(result.initial_cash)
    times, profits = profit_curve(trades)
    at_ends = [cash, *(cash + profit for profit in profits)]
    values = tuple(at_ends[bisect_right(times, time_ns)] for time_ns in sampled.times_ns)
    returns, rate = sampled._replace(values=(cash, *values)).returns(), sampled.periods_per_year
    points = [EquityPoint(time_ns, value, 0.0) for time_ns, value in zip(times, at_ends[1:], strict=True)]
    return PartFigures(
        **msgspec.structs.asdict(trade_figures(trades)),
        return_on_cash=at_ends[-1] / cash - 1.0 if cash > 0 else 0.0,
        volatility=ratios.volatility(returns, rate),
        sharpe=ratios.sharpe(returns, rate),
        sortino=ratios.sortino(returns, rate),
        max_drawdown=deepest(cash, points).depth,
        time_in_market=_time_in_market(trades, result.equity),
        turnover=math.fsum(float(trade.quantity * (trade.entry_price + trade.exit_price)) for trade in trades),
    )


def _time_in_market(trades: Sequence[ClosedTrade], equity: Sequence[EquityPoint]) -> float:
    """Return the part of the run's time in which at least one of the trades was open."""
    span_ns = equity[-1].time_ns - equity[0].time_ns if equity else 0
    held_ns, behind_ns = 0, 0
    for trade in sorted(trades, key=lambda trade: trade.entry_ns):
        held_ns += max(0, trade.exit_ns - max(trade.entry_ns, behind_ns))
        behind_ns = max(behind_ns, trade.exit_ns)
    return min(1.0, held_ns / span_ns) if span_ns > 0 else 0.0
