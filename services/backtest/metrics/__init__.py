"""The figures of a backtest, computed from what it left behind: pure, defined in one place, None where undefined.

Ratios are fractions (0.01 is one per cent), amounts are in the account's currency, times and durations in nanoseconds.
The risk-free rate is zero. A figure that has no meaning for a run (a Sharpe ratio of a flat account, a profit factor
without a loss) is None, never infinite and never not-a-number.
"""

from services.backtest.metrics.compute import compute
from services.backtest.metrics.model import Metrics, PartFigures, TradeFigures

__all__ = ["Metrics", "PartFigures", "TradeFigures", "compute"]
