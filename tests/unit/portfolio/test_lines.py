"""Lines have the figures of backtests, add up, and are cut to any range; empyrical says the same."""

import math
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.errors import CommandLineError
from orrery.portfolio.correlation import correlation, matrix
from orrery.portfolio.kept import kept_line, kept_lines
from orrery.portfolio.lines import Line, cut, figures, total
from orrery.portfolio.report import Range, report
from orrery.runs.save import save_run
from services.backtest.metrics import compute
from tests.unit.backtest.runs import DAY_NS, START_NS, run, trade

MORE = [100_000 + 3_000 * math.sin(day / 3) + 40 * day for day in range(90)]
OTHER = [100_000 + 2_000 * math.cos(day / 5) - 10 * day for day in range(90)]
A = run(MORE, DAY_NS, trades=(trade(0, "12.34"), trade(40, "-3", exit_ns=START_NS + 40 * DAY_NS)))
B = msgspec.structs.replace(run(OTHER, DAY_NS, trades=(trade(7, "5"),)), name="other", strategies=("other",))


@pytest.fixture
def kept(tmp_path: Path) -> list[str]:
    """Return the folders of two kept runs."""
    return [str(save_run(each, compute(each), tmp_path, kept_ns=n * 10**9)) for n, each in enumerate((A, B), 1)]


@pytest.fixture(scope="module")
def oracle() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("empyrical")


def test_a_kept_run_has_the_figures_it_was_kept_with(kept: list[str], tmp_path: Path) -> None:
    for folder, result in zip(kept, (A, B), strict=True):
        assert figures(kept_line(tmp_path, folder)) == compute(result)


def test_a_range_of_a_run_is_a_run_that_begins_and_ends_there(kept: list[str], tmp_path: Path) -> None:
    line = kept_line(tmp_path, kept[0])
    begin, end = line.times_ns[20], line.times_ns[70]
    part = figures(cut(line, begin, end))
    assert part.total_return == pytest.approx(MORE[69] / MORE[19] - 1)
    assert part.trades.trades == 1
    assert figures(cut(line, 0, 2**63 - 1)) == figures(line)
    assert cut(line, line.times_ns[-1] + 1).times_ns == []


def test_figures_of_the_sum_equal_an_independent_library(kept: list[str], tmp_path: Path, oracle: Any) -> None:
    import pandas as pd

    parts = kept_lines(tmp_path, kept)
    account = total("all", parts)
    found = report("x", account, parts, Range(), [])
    both = [200_000.0, *(a + b for a, b in zip(MORE, OTHER, strict=True))]
    returns = pd.Series(both).pct_change().dropna()
    assert found.metrics.sharpe == pytest.approx(oracle.sharpe_ratio(returns, annualization=365), rel=1e-9)
    assert found.metrics.sortino == pytest.approx(oracle.sortino_ratio(returns, annualization=365), rel=1e-9)
    assert found.metrics.max_drawdown == pytest.approx(oracle.max_drawdown(returns), rel=1e-9)
    assert found.metrics.volatility == pytest.approx(oracle.annual_volatility(returns, annualization=365), rel=1e-9)
    assert found.metrics.trades.win_rate == pytest.approx(2 / 3)
    moves = [pd.Series([100_000.0, *values]).diff().dropna() for values in (MORE, OTHER)]
    names = [part.name for part in parts]
    assert found.correlation[names[0]][names[1]] == pytest.approx(moves[0].corr(moves[1]), rel=1e-9)
    assert found.parts[names[0]] == compute(A)


def test_runs_of_one_strategy_are_told_apart_and_none_comes_twice(kept: list[str], tmp_path: Path) -> None:
    twin = str(save_run(A, compute(A), tmp_path, kept_ns=5 * 10**9))
    names = [line.name for line in kept_lines(tmp_path, [kept[0], twin])]
    assert names == [Path(kept[0]).name, Path(twin).name]
    with pytest.raises(CommandLineError, match="expected each run once"):
        kept_lines(tmp_path, [twin, twin])
    (Path(twin) / "equity.csv").write_text("nothing\n1\n")
    with pytest.raises(CommandLineError, match="expected the CSV files of a kept run"):
        kept_line(tmp_path, twin)


curves = st.lists(st.tuples(st.integers(1, 50), st.floats(50, 150)), min_size=1, max_size=20)


@given(st.lists(curves, min_size=1, max_size=4))
def test_a_sum_is_the_sum_at_every_point(many: list[list[tuple[int, float]]]) -> None:
    lines = []
    for number, points in enumerate(many):
        times = [sum(step for step, _ in points[: end + 1]) for end in range(len(points))]
        values = [value for _, value in points]
        lines.append(Line(name=str(number), cash=Decimal(100), times_ns=times, equity=values, exposure=values))
    whole = total("all", lines)
    for time_ns, value in zip(whole.times_ns, whole.equity, strict=True):
        assert value == pytest.approx(sum(line.at(time_ns) for line in lines))


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30))
def test_correlation_is_one_with_itself_and_none_with_a_constant(values: list[float]) -> None:
    found = correlation(values, values)
    assert found is None or found == pytest.approx(1.0)
    assert correlation(values, [1.0] * len(values)) is None
    assert matrix({"a": [1.0]}) == {"a": {"a": None}}
