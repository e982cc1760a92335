"""Returns of an equity curve, and the ratios made of them.

How it works: a run that spans at least `DAILY_FROM_NS` is sampled at the last point of each UTC day (a bar that ends
at midnight belongs to the day it closes); a shorter one gives a return per point. The first return is against the
initial cash. A year has 365 daily returns, as crypto markets never close; 252 where a daily series shows no weekend.
Returns per bar are annualised by how many of them a year of the observed rate holds.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from services.backtest.result import EquityPoint

DAY_NS = 86_400_000_000_000
YEAR_NS = 365 * DAY_NS
DAILY_FROM_NS = 14 * DAY_NS
ANNUALISED_FROM_NS = 7 * DAY_NS
DAYS_A_YEAR, SESSIONS_A_YEAR = 365.0, 252.0
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""

NOTHING = 1e-12
"""An account below this part of its first value is worth nothing: what it makes of that is no return."""
ROUNDING = 1e-12
"""A deviation below this part of the mean is what floats leave of none."""


class Sample(NamedTuple):
    """Values at the end of each period, the first being the initial cash, and how many periods a year holds."""

    times_ns: tuple[int, ...]
    values: tuple[float, ...]
    is_daily: bool
    periods_per_year: float

    def returns(self) -> list[float]:
        """Return each period's return; 0.0 once the account was worth nothing."""
        least = NOTHING * abs(self.values[0])
        return [after / before - 1.0 if before > least else 0.0 for before, after in pairwise(self.values)]


def sample(initial_cash: float, equity: Sequence[EquityPoint]) -> Sample:
    """Return the periods of an equity curve, daily ones where it is long enough."""
    if not equity:
        return Sample((), (initial_cash,), is_daily=False, periods_per_year=DAYS_A_YEAR)
    if equity[-1].time_ns - equity[0].time_ns >= DAILY_FROM_NS:
        return _daily(initial_cash, equity)
    times = tuple(point.time_ns for point in equity)
    return Sample(times, (initial_cash, *(point.equity for point in equity)), False, _observed_rate(times))


def _daily(initial_cash: float, equity: Sequence[EquityPoint]) -> Sample:
    last_of_day = {(point.time_ns - 1) // DAY_NS: point for point in equity}
    is_open_at_weekends = any((day + EPOCH_WEEKDAY) % 7 >= 5 for day in last_of_day)
    points = last_of_day.values()
    return Sample(
        tuple(point.time_ns for point in points),
        (initial_cash, *(point.equity for point in points)),
        is_daily=True,
        periods_per_year=DAYS_A_YEAR if is_open_at_weekends else SESSIONS_A_YEAR,
    )


def _observed_rate(times_ns: Sequence[int]) -> float:
    span_ns = times_ns[-1] - times_ns[0]
    return (len(times_ns) - 1) * YEAR_NS / span_ns if span_ns > 0 else DAYS_A_YEAR


def volatility(returns: Sequence[float], periods_per_year: float) -> float | None:
    """Return the annualised standard deviation of returns: s * sqrt(periods), s with n - 1 degrees of freedom."""
    deviation = _deviation(returns)
    return None if deviation is None else deviation * math.sqrt(periods_per_year)


def sharpe(returns: Sequence[float], periods_per_year: float) -> float | None:
    """Return mean / s * sqrt(periods) (W. F. Sharpe, The Sharpe Ratio, 1994), risk-free rate zero; None if s is zero."""
    deviation = _deviation(returns)
    if not deviation:
        return None
    return _mean(returns) / deviation * math.sqrt(periods_per_year)


def sortino(returns: Sequence[float], periods_per_year: float) -> float | None:
    """Return mean / d * sqrt(periods), d the root mean square of the losses over all periods; None without a loss.

    F. A. Sortino, L. N. Price, Performance Measurement in a Downside Risk Framework, 1994; the target return is zero.
    """
    downside = math.sqrt(math.fsum(value * value for value in returns if value < 0) / len(returns)) if returns else 0.0
    if downside <= ROUNDING * abs(_mean(returns)) or len(returns) < 2:
        return None
    return _mean(returns) / downside * math.sqrt(periods_per_year)


def annualised_return(sampled: Sample, span_ns: int) -> float | None:
    """Return (last / first) ** (periods a year / periods) - 1; None over less than a week, or when all was lost."""
    growth = sampled.values[-1] / sampled.values[0] if sampled.values[0] > 0 else 0.0
    periods = len(sampled.values) - 1
    if span_ns < ANNUALISED_FROM_NS or growth <= 0 or not periods:
        return None
    try:
        return math.pow(growth, sampled.periods_per_year / periods) - 1.0
    except OverflowError:
        return None


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _deviation(values: Sequence[float]) -> float | None:
    """Return the sample standard deviation; None for less than two values, 0.0 for what is only rounding."""
    if len(values) < 2:
        return None
    mean = _mean(values)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return deviation if deviation > ROUNDING * abs(mean) else 0.0
