"""How lines move together: Pearson's correlation of what they make in the same periods."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

from orrery.portfolio.lines import Line
from services.backtest.metrics.returns import sample
from services.backtest.result import EquityPoint

type Matrix = dict[str, dict[str, float | None]]


def of_lines(lines: Sequence[Line], account: Line) -> Matrix:
    """Return the correlation of lines over the account's periods: days where it is long enough, else its points."""
    points = [EquityPoint(time_ns, value, 0.0) for time_ns, value in zip(account.times_ns, account.equity, strict=True)]
    periods = sample(float(account.cash), points).times_ns
    return matrix({line.name: [float(line.cash), *(line.at(time_ns) for time_ns in periods)] for line in lines})


def of_closes(account: Line) -> Matrix:
    """Return the correlation of the symbols' relative moves between the account's periods."""
    points = [EquityPoint(time_ns, value, 0.0) for time_ns, value in zip(account.times_ns, account.equity, strict=True)]
    periods = sample(float(account.cash), points).times_ns
    rows = [bisect_right(account.times_ns, time_ns) - 1 for time_ns in periods]
    logs = {
        symbol: [math.log(closes[row]) if closes[row] > 0 else 0.0 for row in rows]
        for symbol, closes in account.closes.items()
    }
    return matrix(logs)


def matrix(levels: Mapping[str, Sequence[float]]) -> Matrix:
    """Return the correlations of the changes of levels; None where one of them never changes."""
    moves = {name: [after - before for before, after in pairwise(values)] for name, values in levels.items()}
    return {one: {other: correlation(moves[one], moves[other]) for other in moves} for one in moves}


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None for less than two values, or where one is constant."""
    count = len(one)
    if count < 2:
        return None
    mean_one, mean_other = math.fsum(one) / count, math.fsum(other) / count
    away_one, away_other = [value - mean_one for value in one], [value - mean_other for value in other]
    square = math.fsum(a * a for a in away_one) * math.fsum(b * b for b in away_other)
    if square <= 0:
        return None
    both = math.fsum(a * b for a, b in zip(away_one, away_other, strict=True))
    return max(-1.0, min(1.0, both / math.sqrt(square)))
