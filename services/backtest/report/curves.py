"""The lines of the report: equity, buy and hold, drawdown, exposure, rolling figures, prices and indicators."""

import math
from collections.abc import Callable, Mapping, Sequence

from services.backtest.metrics import returns as ratios
from services.backtest.metrics.benchmark import buy_and_hold
from services.backtest.metrics.drawdowns import series
from services.backtest.metrics.parts import profit_curve
from services.backtest.report.thinning import Curve, thin
from services.backtest.result import ClosedTrade, RunResult

POINTS_A_CURVE = 6_000
POINTS_A_PRICE = 20_000
POINTS_OF_PRICES = 60_000
"""Shared by the prices and indicators of all symbols."""

ROLLING_DAYS = 30
ROLLING_PARTS = 10
"""A run of returns per bar, or of less than three windows of days, is rolled over a tenth of it."""

SHORTEST_WINDOW = 5

MOSTLY, NEAR = 0.9, 0.3
"""An indicator is drawn on the price where this part of its values is no farther from it than this part of the price."""

MOST_PARTS = 12
"""Lines that one chart of strategies or symbols can show."""

_PARTS: tuple[tuple[str, Callable[[ClosedTrade], str]], ...] = (
    ("strategy", lambda trade: trade.strategy),
    ("symbol", lambda trade: trade.symbol),
)

type Indicators = Mapping[str, Mapping[str, Sequence[float]]]
"""By symbol, by the indicator's name: its values at the equity points, not-a-number where it is not warm."""


def account_curves(result: RunResult) -> dict[str, Curve]:
    """Return the curves of the account."""
    cash = float(result.initial_cash)
    times = [point.time_ns for point in result.equity]
    values = [point.equity for point in result.equity]
    parts = [p.exposure / p.equity if p.equity > 0 else 0.0 for p in result.equity]
    held = [cash * worth for worth in buy_and_hold(result.closes)]
    return {
        "equity": thin(times, values, POINTS_A_CURVE),
        "hold": thin(times, held, POINTS_A_CURVE),
        "drawdown": thin(times, series(cash, values), POINTS_A_CURVE),
        "exposure": thin(times, parts, POINTS_A_CURVE),
    }


def part_curves(result: RunResult) -> list[dict[str, object]]:
    """Return what the trades of each strategy made together, and of each symbol, where there are several."""
    found: list[dict[str, object]] = []
    for title, part_of in _PARTS:
        parts: dict[str, list[ClosedTrade]] = {}
        for trade in result.trades:
            parts.setdefault(part_of(trade), []).append(trade)
        if 1 < len(parts) <= MOST_PARTS:
            most = POINTS_A_CURVE // len(parts)
            found.append({"title": title, "curves": {name: _profits(part, most) for name, part in parts.items()}})
    return found


def _profits(trades: Sequence[ClosedTrade], most: int) -> Curve:
    times, profits = profit_curve(trades)
    return thin([trades[0].entry_ns, *times], [0.0, *profits], most)


def price_curves(result: RunResult, indicators: Indicators) -> list[dict[str, object]]:
    """Return for each symbol its closes, and its indicators by whether they lie on the price or apart from it."""
    times = [point.time_ns for point in result.equity]
    lines = sum(1 + len(indicators.get(symbol, {})) for symbol in result.closes)
    most = min(POINTS_A_PRICE, POINTS_OF_PRICES // max(1, lines))
    found: list[dict[str, object]] = []
    for symbol, closes in result.closes.items():
        named = indicators.get(symbol, {})
        on_price = {name for name, values in named.items() if _is_on_price(values, closes)}
        drawn = {name: thin(times, values, most) for name, values in named.items()}
        found.append(
            {
                "symbol": symbol,
                "close": thin(times, closes, most),
                "overlays": {name: curve for name, curve in drawn.items() if name in on_price},
                "panels": {name: curve for name, curve in drawn.items() if name not in on_price},
            }
        )
    return found


def _is_on_price(values: Sequence[float], closes: Sequence[float]) -> bool:
    """Return whether an indicator keeps near the price, most of the time: it could be another price."""
    step = 1 + len(values) // 4_000  # some thousands are enough to tell
    away = sorted(
        abs(value / close - 1.0)
        for value, close in zip(values[::step], closes[::step], strict=False)
        if math.isfinite(value) and math.isfinite(close) and close > 0
    )
    return bool(away) and away[int(MOSTLY * (len(away) - 1))] <= NEAR


def rolling_curves(result: RunResult) -> dict[str, object]:
    """Return the Sharpe ratio and the volatility over a moving window, and the window in words."""
    sampled = ratios.sample(float(result.initial_cash), result.equity)
    returns = sampled.returns()
    is_by_day = sampled.is_daily and len(returns) >= 3 * ROLLING_DAYS
    window = ROLLING_DAYS if is_by_day else max(SHORTEST_WINDOW, len(returns) // ROLLING_PARTS)
    sharpe, volatility = _rolled(returns, window, sampled.periods_per_year)
    return {
        "window": f"{window:,} {'days' if sampled.is_daily else 'bars'}",
        "sharpe": thin(sampled.times_ns, sharpe, POINTS_A_CURVE),
        "volatility": thin(sampled.times_ns, volatility, POINTS_A_CURVE),
    }


def _rolled(
    returns: Sequence[float], window: int, periods_per_year: float
) -> tuple[list[float | None], list[float | None]]:
    sharpe: list[float | None] = []
    volatility: list[float | None] = []
    total = squares = most = 0.0
    for n, value in enumerate(returns):
        gone = returns[n - window] if n >= window else 0.0
        total, squares = total + value - gone, squares + value * value - gone * gone
        most = max(most, squares)
        mean, variance = total / window, max(0.0, (squares - total * total / window) / (window - 1))
        is_full = n >= window - 1
        # Sums that values are added to and taken from keep a rest of the largest of them: below it nothing moves.
        moves = is_full and variance > ratios.ROUNDING * most / window
        sharpe.append(mean / math.sqrt(variance) * math.sqrt(periods_per_year) if moves else None)
        volatility.append(math.sqrt(variance * periods_per_year) if is_full else None)
    return sharpe, volatility
