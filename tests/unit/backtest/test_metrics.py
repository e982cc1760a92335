"""The figures of a run, against an independent library and at the edges."""

import math
import warnings
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backtest.metrics import Metrics, compute
from services.backtest.metrics.drawdowns import series
from services.backtest.result import EquityPoint
from tests.unit.backtest.runs import DAY_NS, MINUTE_NS, START_NS, run, trade, wave

DAILY = [5 * value for value in wave(90)]
MINUTES = [5 * value for value in wave(3_000, seed=4)]


@pytest.fixture(scope="module")
def oracle() -> Any:
    """Return the independent library."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("empyrical")


def returns_of(values: list[float]) -> Any:
    import pandas as pd

    return pd.Series([100_000.0, *values]).pct_change().dropna()


def figures(metrics: Metrics) -> list[float]:
    """Return every number in the figures, however deep."""
    found: list[float] = []
    pending: list[Any] = [msgspec.to_builtins(metrics)]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, int | float):
            found.append(item)
    return found


@pytest.mark.parametrize(("values", "step_ns", "rate"), [(DAILY, DAY_NS, 365), (MINUTES, MINUTE_NS, 525_600)])
def test_ratios_equal_an_independent_library(oracle: Any, values: list[float], step_ns: int, rate: int) -> None:
    metrics, returns = compute(run(values, step_ns)), returns_of(values)
    assert metrics.periods_per_year == pytest.approx(rate)
    assert metrics.returns == len(values)
    assert metrics.total_return == pytest.approx(oracle.cum_returns_final(returns), rel=1e-9)
    assert metrics.volatility == pytest.approx(oracle.annual_volatility(returns, annualization=rate), rel=1e-9)
    assert metrics.sharpe == pytest.approx(oracle.sharpe_ratio(returns, annualization=rate), rel=1e-9)
    assert metrics.sortino == pytest.approx(oracle.sortino_ratio(returns, annualization=rate), rel=1e-9)
    assert metrics.max_drawdown == pytest.approx(oracle.max_drawdown(returns), rel=1e-9)


def test_annual_figures_equal_an_independent_library(oracle: Any) -> None:
    metrics, returns = compute(run(DAILY, DAY_NS)), returns_of(DAILY)
    assert metrics.annualised_return == pytest.approx(oracle.annual_return(returns, annualization=365), rel=1e-9)
    assert metrics.calmar == pytest.approx(oracle.calmar_ratio(returns, annualization=365), rel=1e-9)


def test_long_runs_are_sampled_by_day_and_drawdowns_are_not(oracle: Any) -> None:
    hours = [5 * value for value in wave(24 * 60)]
    metrics, by_day = compute(run(hours, DAY_NS // 24)), returns_of(hours[23::24])
    assert (metrics.sampling, metrics.returns, metrics.periods_per_year) == ("daily", 60, 365)
    assert metrics.sharpe == pytest.approx(oracle.sharpe_ratio(by_day, annualization=365), rel=1e-9)
    assert metrics.max_drawdown == pytest.approx(oracle.max_drawdown(returns_of(hours)), rel=1e-9)
    assert metrics.max_drawdown < oracle.max_drawdown(by_day)


def test_a_market_without_weekends_has_252_days_a_year() -> None:
    result = run(DAILY, DAY_NS)
    weekdays = tuple(point for point in result.equity if ((point.time_ns - 1) // DAY_NS + 3) % 7 < 5)
    metrics = compute(msgspec.structs.replace(result, equity=weekdays))
    assert (metrics.sampling, metrics.periods_per_year) == ("daily", 252)


def test_the_deepest_fall_has_its_dates() -> None:
    values = [101_000.0, 110_000.0, 99_000.0, 104_500.0, 110_000.0, 108_000.0, 120_000.0]
    metrics = compute(run(values))
    at = [START_NS + (n + 1) * MINUTE_NS for n in range(len(values))]
    assert metrics.max_drawdown == pytest.approx(-0.1)
    assert (metrics.drawdown_peak_ns, metrics.drawdown_trough_ns) == (at[1], at[2])
    assert metrics.drawdown_recovered_ns == at[4]
    assert metrics.drawdown_duration_ns == MINUTE_NS
    assert metrics.drawdown_recovery_ns == 2 * MINUTE_NS
    assert metrics.longest_underwater_ns == 2 * MINUTE_NS


def test_a_fall_that_lasts_has_no_recovery() -> None:
    metrics = compute(run([90_000.0, 95_000.0, 80_000.0]))
    assert metrics.max_drawdown == pytest.approx(-0.2)
    assert metrics.drawdown_recovered_ns is None
    assert metrics.drawdown_recovery_ns is None


def test_trades_are_counted_by_hand() -> None:
    profits = ["10", "-4", "-6", "0", "-5", "25"]
    trades = compute(run(DAILY, trades=tuple(trade(n, p) for n, p in enumerate(profits)))).trades
    assert (trades.trades, trades.wins, trades.losses) == (6, 2, 3)
    assert trades.win_rate == pytest.approx(2 / 6)
    assert trades.profit_factor == pytest.approx(35 / 15)
    assert (trades.average_win, trades.average_loss) == (17.5, -5.0)
    assert trades.payoff_ratio == pytest.approx(3.5)
    assert trades.expectancy == pytest.approx(20 / 6)
    assert (trades.best_trade, trades.worst_trade) == (25.0, -6.0)
    assert (trades.longest_losing_streak, trades.longest_winning_streak) == (2, 1)
    assert trades.fees == pytest.approx(7.5)


def test_strategies_add_up_to_the_whole() -> None:
    trades = (trade(0, "10"), trade(1, "-3", "range"), trade(2, "4", "range"))
    metrics = compute(run(DAILY, strategies=("ema", "range", "idle"), trades=trades))
    assert list(metrics.strategies) == ["ema", "range", "idle"]
    assert sum(part.net_profit for part in metrics.strategies.values()) == metrics.trades.net_profit
    assert metrics.strategies["idle"].trades == 0


@pytest.mark.parametrize("step_ns", [MINUTE_NS, DAY_NS])
def test_the_ratios_of_a_part_equal_an_independent_library(oracle: Any, step_ns: int) -> None:
    profits = [120.5, -80.25, 0.0, 310.0, -45.5, -600.0, 75.75, 220.0] * 5
    every = max(1, step_ns // MINUTE_NS // 2)
    trades = tuple(
        trade(n, str(profit), ["ema", "range"][n % 2], exit_ns=START_NS + (2 * n + 1) * every * MINUTE_NS)
        for n, profit in enumerate(profits)
    )
    result = run([100_000.0 + n for n in range(90)], step_ns, trades=trades, strategies=("ema", "range"))
    metrics = compute(result)
    rate, part = metrics.periods_per_year, metrics.strategies["range"]
    own = [each for each in trades if each.strategy == "range"]
    curve = [
        100_000.0 + math.fsum(float(each.pnl) for each in own if each.exit_ns <= point.time_ns)
        for point in result.equity
    ]
    returns = returns_of(curve)
    assert part.sharpe == pytest.approx(oracle.sharpe_ratio(returns, annualization=rate), rel=1e-9)
    assert part.sortino == pytest.approx(oracle.sortino_ratio(returns, annualization=rate), rel=1e-9)
    assert part.volatility == pytest.approx(oracle.annual_volatility(returns, annualization=rate), rel=1e-9)
    assert part.max_drawdown == pytest.approx(oracle.max_drawdown(returns), rel=1e-9)
    assert part.return_on_cash == pytest.approx(oracle.cum_returns_final(returns), rel=1e-9)
    assert sum(each.net_profit for each in metrics.symbols.values()) == metrics.trades.net_profit


def test_a_part_is_in_the_market_while_any_of_its_trades_is_open() -> None:
    trades = (
        trade(0, "1", entry_ns=START_NS + 10 * MINUTE_NS, exit_ns=START_NS + 30 * MINUTE_NS),
        trade(1, "1", entry_ns=START_NS + 20 * MINUTE_NS, exit_ns=START_NS + 40 * MINUTE_NS),
        trade(2, "1", entry_ns=START_NS + 50 * MINUTE_NS, exit_ns=START_NS + 60 * MINUTE_NS),
    )
    part = compute(run([100_000.0] * 101, trades=trades)).strategies["ema"]
    assert part.time_in_market == pytest.approx(0.4)
    assert part.turnover == pytest.approx(3 * 0.5 * (20_000.10 + 20_010.20))


def test_points_at_uneven_times_count_by_their_time(oracle: Any) -> None:
    values = [5 * value for value in wave(400, seed=2)]
    result = run(values)
    steps = [1 + n % 7 for n in range(len(values))]
    times = [START_NS + sum(steps[: n + 1]) * MINUTE_NS for n in range(len(values))]
    uneven = tuple(EquityPoint(t, p.equity, p.exposure) for t, p in zip(times, result.equity, strict=True))
    metrics, returns = compute(msgspec.structs.replace(result, equity=uneven)), returns_of(values)
    rate = (len(values) - 1) * 365 * DAY_NS / (times[-1] - times[0])
    assert metrics.periods_per_year == pytest.approx(rate)
    assert metrics.sharpe == pytest.approx(oracle.sharpe_ratio(returns, annualization=rate), rel=1e-9)
    assert metrics.volatility == pytest.approx(oracle.annual_volatility(returns, annualization=rate), rel=1e-9)
    assert metrics.max_drawdown == pytest.approx(oracle.max_drawdown(returns), rel=1e-9)
    held = sum(step for n, step in enumerate(steps) if n % 2)
    assert metrics.time_in_market == pytest.approx(held / sum(steps))


def test_the_benchmark_holds_equal_parts_from_the_first_close() -> None:
    closes = {"A": (math.nan, 10.0, 12.0), "B": (4.0, 4.0, 2.0)}
    metrics = compute(run([100_000.0, 100_000.0, 101_000.0], closes=closes))
    assert metrics.benchmark_return == pytest.approx((0.2 - 0.5) / 2)
    assert metrics.excess_return == pytest.approx(0.01 + 0.15)


def test_exposure_and_turnover() -> None:
    metrics = compute(run([100_000.0] * 4))
    assert (metrics.exposure, metrics.time_in_market) == (0.25, 0.5)
    assert (metrics.turnover, metrics.turnover_ratio) == (40_000.0, 0.4)
    assert (metrics.fees, metrics.slippage) == (2.5, 0.75)


def test_a_flat_account_has_no_ratios() -> None:
    metrics = compute(run([100_000.0] * 50))
    assert (metrics.total_return, metrics.volatility, metrics.max_drawdown) == (0.0, 0.0, 0.0)
    assert (metrics.sharpe, metrics.sortino, metrics.calmar) == (None, None, None)
    assert metrics.drawdown_peak_ns is None


def test_steady_growth_has_no_ratio_made_of_rounding() -> None:
    assert compute(run([100_000.0 * 1.01**n for n in range(1, 60)], DAY_NS)).sharpe is None


@pytest.mark.parametrize("values", [[], [101_000.0], [0.0, 0.0], [-5.0, 10.0], [1e-300, 1e300]])
def test_odd_curves_have_finite_figures(values: list[float]) -> None:
    assert all(math.isfinite(figure) for figure in figures(compute(run(values, initial_cash=Decimal(100_000)))))


def test_losses_only() -> None:
    metrics = compute(run([99_000.0, 98_000.0], trades=(trade(0, "-1"), trade(1, "-2"))))
    assert (metrics.trades.win_rate, metrics.trades.profit_factor) == (0.0, 0.0)
    assert (metrics.trades.average_win, metrics.trades.payoff_ratio) == (None, None)
    assert metrics.trades.longest_losing_streak == 2


@given(
    st.lists(st.floats(-1e9, 1e9), max_size=40),
    st.lists(st.decimals(-1000, 1000, places=2), max_size=10),
    st.sampled_from([MINUTE_NS, DAY_NS // 4, DAY_NS]),
)
def test_figures_are_finite_whatever_happened(values: list[float], profits: list[Decimal], step_ns: int) -> None:
    metrics = compute(run(values, step_ns, trades=tuple(trade(n, str(p)) for n, p in enumerate(profits))))
    assert all(math.isfinite(figure) for figure in figures(metrics))
    assert -1.0 <= min(series(100_000.0, [max(0.0, value) for value in values]), default=0.0) <= 0.0
