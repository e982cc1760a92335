"""Figures of round trips."""

import math
from collections.abc import Sequence

from services.backtest.metrics.model import TradeFigures
from services.backtest.result import ClosedTrade


def trade_figures(trades: Sequence[ClosedTrade]) -> TradeFigures:
    """Return the figures of trades, given in the order they were closed."""
    profits = [float(trade.pnl) for trade in trades]
    wins = [profit for profit in profits if profit > 0]
    losses = [profit for profit in profits if profit < 0]
    gross_profit, gross_loss = math.fsum(wins), math.fsum(losses)
    average_win, average_loss = _mean(wins), _mean(losses)
    return TradeFigures(
        trades=len(trades),
        wins=len(wins),
        losses=len(losses),
        win_rate=len(wins) / len(trades) if trades else None,
        net_profit=math.fsum(profits),
        gross_profit=gross_profit,
        gross_loss=gross_loss,
        profit_factor=gross_profit / -gross_loss if losses else None,
        average_win=average_win,
        average_loss=average_loss,
        payoff_ratio=average_win / -average_loss if average_win is not None and average_loss is not None else None,
        expectancy=_mean(profits),
        best_trade=max(profits, default=None),
        worst_trade=min(profits, default=None),
        longest_winning_streak=_longest_streak([profit > 0 for profit in profits]),
        longest_losing_streak=_longest_streak([profit < 0 for profit in profits]),
        average_bars_held=_mean([trade.bars_held for trade in trades]),
        fees=math.fsum(float(trade.fees) for trade in trades),
    )


def _longest_streak(flags: Sequence[bool]) -> int:
    longest = running = 0
    for flag in flags:
        running = running + 1 if flag else 0
        longest = max(longest, running)
    return longest


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
