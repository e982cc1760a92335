"""Shares of a portfolio by an optimiser, and what they would have made on data that the optimiser had not seen.

How it works: the series are aligned on the periods that all of them cover. Walking forward, weights are fitted on what lies
before a fold and applied to the fold; the folds together are the figures out of sample. The weights that are given out are
fitted on everything, so nothing is known of their future. Optimisers are skfolio's (the extra `portfolio`).
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Literal

import msgspec

from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.portfolio.lines import Line
from services.backtest.metrics import returns as ratios
from services.backtest.metrics.drawdowns import deepest
from services.backtest.result import EquityPoint

Method = Literal["hrp", "risk_parity", "mean_variance", "equal"]
METHODS: Final[tuple[Method, ...]] = ("hrp", "risk_parity", "mean_variance", "equal")
FEWEST_RETURNS: Final = 30
"""Returns of the shortest stretch that weights are fitted on."""
MOST_RETURNS: Final = 20_000
INSTALL: Final = "the optimisers need skfolio: pip install 'orrery[portfolio]'"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a series of returns comes to: by the definitions of the backtests' reports."""

    total_return: float
    sharpe: float | None
    sortino: float | None
    volatility: float | None
    max_drawdown: float
    returns: int


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """Weights fitted on returns before number `begin`, and used on those from there up to, not including, `end`."""

    begin: int
    end: int
    weights: dict[str, float]


class Optimised(msgspec.Struct, frozen=True, kw_only=True):
    """weights: of each asset, their sum 1. in_sample: of these weights on what they were fitted on; out_of_sample: of each
    fold's weights behind what they were fitted on; equal: the same folds with equal weights.
    """

    method: Method
    weights: dict[str, float]
    in_sample: Figures
    out_of_sample: Figures
    equal: Figures
    folds: list[Fold]
    periods_per_year: float
    begin_ns: int
    end_ns: int


class Returns(msgspec.Struct, frozen=True, kw_only=True):
    """Aligned returns. rows: one a period, in the order of names; times_ns: their ends."""

    names: tuple[str, ...]
    times_ns: Sequence[int]
    rows: Sequence[Sequence[float]]
    periods_per_year: float


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """How the past is walked. train: share of the returns before the first fold; folds: of the rest."""

    train: float = 0.5
    folds: int = 5


def aligned(lines: Sequence[Line]) -> Returns:
    """Return the returns of lines over the periods that all of them cover: days where those are enough, else their points.

    Raises:
        CommandLineError: fewer than two lines, or too little that they share.
    """
    if len(lines) < 2:
        raise CommandLineError(f"expected two series or more to share out between, found {len(lines)}")
    begin_ns = max((line.times_ns[0] for line in lines if line.times_ns), default=0)
    end_ns = min((line.times_ns[-1] for line in lines if line.times_ns), default=0)
    times = sorted({time_ns for line in lines for time_ns in line.times_ns if begin_ns <= time_ns <= end_ns})
    if not all(line.times_ns for line in lines) or len(times) <= FEWEST_RETURNS:
        text = f"expected series that share {FEWEST_RETURNS} periods or more, found {max(0, len(times) - 1)}"
        raise CommandLineError(f"{text}: {', '.join(line.name for line in lines)}", EXIT_FAILED)
    marks = [EquityPoint(time_ns, 1.0, 0.0) for time_ns in times]
    sampled = ratios.sample(1.0, marks)
    ends = list(sampled.times_ns) if len(sampled.times_ns) > FEWEST_RETURNS else times
    rate = sampled.periods_per_year if len(ends) == len(sampled.times_ns) else _rate(ends)
    if len(ends) > MOST_RETURNS:
        ends = ends[:: -(-len(ends) // MOST_RETURNS)]
        rate = _rate(ends)
    levels = [[line.at(time_ns) for time_ns in ends] for line in lines]
    changes = [[after / before - 1.0 if before > 0 else 0.0 for before, after in pairwise(own)] for own in levels]
    rows = list(zip(*changes, strict=True))
    return Returns(names=tuple(line.name for line in lines), times_ns=ends[1:], rows=rows, periods_per_year=rate)


def _rate(times_ns: Sequence[int]) -> float:
    return (len(times_ns) - 1) * ratios.YEAR_NS / (times_ns[-1] - times_ns[0])


def optimise(found: Returns, method: Method, walk: Walk) -> Optimised:
    """Return weights and what they come to, in sample and out of sample.

    Raises:
        CommandLineError: skfolio is not installed, there is too little to fit on, or the optimiser finds nothing.
    """
    count = len(found.rows)
    first = max(FEWEST_RETURNS, math.floor(count * walk.train))
    edges = [first + (count - first) * number // walk.folds for number in range(walk.folds + 1)]
    if count - first < walk.folds:
        text = f"expected {FEWEST_RETURNS} returns to fit on and one for each of {walk.folds} folds behind them"
        raise CommandLineError(f"{text}, found {count}", EXIT_FAILED)
    folds = [Fold(begin=begin, end=end, weights=weights_of(found, method, begin)) for begin, end in pairwise(edges)]
    weights = weights_of(found, method, count)
    even = dict.fromkeys(found.names, 1.0 / len(found.names))
    outside = [_weighted(found, fold.weights, row) for fold in folds for row in range(fold.begin, fold.end)]
    equal = [_weighted(found, even, row) for row in range(first, count)]
    inside = [_weighted(found, weights, row) for row in range(count)]
    rate = found.periods_per_year
    return Optimised(
        method=method,
        weights=weights,
        in_sample=_figures(inside, rate),
        out_of_sample=_figures(outside, rate),
        equal=_figures(equal, rate),
        folds=folds,
        periods_per_year=rate,
        begin_ns=found.times_ns[0],
        end_ns=found.times_ns[-1],
    )


def weights_of(found: Returns, method: Method, before: int) -> dict[str, float]:
    """Return the weights fitted on the returns before number `before` alone."""
    if method == "equal":
        return dict.fromkeys(found.names, 1.0 / len(found.names))
    rows = found.rows[:before]
    still = [name for name, column in zip(found.names, zip(*rows, strict=True), strict=True) if len(set(column)) == 1]
    if still:
        raise CommandLineError(f"{', '.join(still)}: never moves in what weights are fitted on", EXIT_FAILED)
    return _fitted(found.names, rows, method)


def _fitted(names: Sequence[str], rows: Sequence[Sequence[float]], method: Method) -> dict[str, float]:
    try:
        import numpy as np
        from skfolio import RiskMeasure
        from skfolio.optimization import HierarchicalRiskParity, MeanRisk, ObjectiveFunction, RiskBudgeting
    except ModuleNotFoundError as error:
        raise CommandLineError(f"{INSTALL} (missing: {error.name})") from error
    data = np.array(rows)
    # Optimisers stop at absolute tolerances; returns of a second would be nothing to them.
    data = data / data.std()
    # With no gain to be had, the ratio of gain to risk has no best: the least risk is left.
    aim = ObjectiveFunction.MAXIMIZE_RATIO if (data.mean(axis=0) > 0).any() else ObjectiveFunction.MINIMIZE_RISK
    makers: Mapping[Method, Any] = {
        "hrp": lambda: HierarchicalRiskParity(risk_measure=RiskMeasure.VARIANCE),
        "risk_parity": lambda: RiskBudgeting(risk_measure=RiskMeasure.VARIANCE),
        "mean_variance": lambda: MeanRisk(objective_function=aim, risk_measure=RiskMeasure.VARIANCE),
    }
    try:
        weights = makers[method]().fit(data).weights_
    except (ValueError, ArithmeticError, RuntimeError) as error:
        raise CommandLineError(f"{method}: no weights were found: {error}", EXIT_FAILED) from error
    return {name: float(weight) for name, weight in zip(names, weights, strict=True)}


def _weighted(found: Returns, weights: Mapping[str, float], row: int) -> float:
    return math.fsum(weights[name] * value for name, value in zip(found.names, found.rows[row], strict=True))


def _figures(series: Sequence[float], rate: float) -> Figures:
    level, points = 1.0, []
    for number, value in enumerate(series):
        level *= 1.0 + value
        points.append(EquityPoint(number, level, 0.0))
    return Figures(
        total_return=level - 1.0,
        sharpe=ratios.sharpe(series, rate),
        sortino=ratios.sortino(series, rate),
        volatility=ratios.volatility(series, rate),
        max_drawdown=deepest(1.0, points).depth,
        returns=len(series),
    )
