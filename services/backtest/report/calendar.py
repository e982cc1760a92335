"""Returns by month, and by day where a run is short."""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.backtest.result import EquityPoint

SECOND_NS = 1_000_000_000
DAYS_SHOWN_UP_TO = 92


def monthly(initial_cash: float, equity: Sequence[EquityPoint]) -> dict[str, dict[int, float]]:
    """Return the return of each month that has a point, by year and month, from the close of the month before."""
    return _grid(initial_cash, _closes(equity, "%Y %m"))


def yearly(months: dict[int, float]) -> float:
    """Return what the months of a year make together."""
    worth = 1.0
    for part in months.values():
        worth *= 1.0 + part
    return worth - 1.0


def daily(initial_cash: float, equity: Sequence[EquityPoint]) -> dict[str, dict[int, float]]:
    """Return the return of each day, by month ("2024-08") and day; empty for a run of many days."""
    closes = _closes(equity, "%Y-%m %d")
    return _grid(initial_cash, closes) if len(closes) <= DAYS_SHOWN_UP_TO else {}


def _closes(equity: Sequence[EquityPoint], pattern: str) -> dict[str, float]:
    """Return the last equity of each day, month …; a bar that ends at midnight belongs to the day before."""
    last_of_day = {(point.time_ns - 1) // (86_400 * SECOND_NS): point for point in equity}
    return {
        datetime.fromtimestamp(day * 86_400, UTC).strftime(pattern): point.equity for day, point in last_of_day.items()
    }


def _grid(initial_cash: float, closes: dict[str, float]) -> dict[str, dict[int, float]]:
    grid: dict[str, dict[int, float]] = {}
    before = initial_cash
    for name, close in closes.items():
        row, column = name.split()
        grid.setdefault(row, {})[int(column)] = close / before - 1.0 if before > 0 else 0.0
        before = close
    return grid
