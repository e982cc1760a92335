"""Shares: files of weights, risk's parameters made of them, drift, and optimisers that know nothing of the future."""

import math
import random
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from common.config.load import load_config
from common.config.models import Config
from orrery.errors import CommandLineError
from orrery.portfolio.lines import Line
from orrery.portfolio.optimise import FEWEST_RETURNS, METHODS, Method, Returns, Walk, aligned, optimise, weights_of
from orrery.portfolio.rebalance import drift, rates_of, rebalance
from orrery.portfolio.weights import Weights, read_weights, write_weights
from orrery.toml import toml_text

HOUR = 3_600_000_000_000
NAMES = ("a", "b", "c")
SPREADS = (0.01, 0.02, 0.04)
OPTIMISERS: tuple[Method, ...] = ("hrp", "risk_parity", "mean_variance")


def returns(count: int = 400, seed: int = 3) -> Returns:
    draws = random.Random(seed)
    rows = [tuple(draws.gauss(0.0005, spread) for spread in SPREADS) for _ in range(count)]
    return Returns(names=NAMES, times_ns=[HOUR * n for n in range(count)], rows=rows, periods_per_year=8760.0)


@pytest.mark.parametrize("name", ["weights.toml", "weights.json"])
def test_weights_are_read_as_they_were_written(tmp_path: Path, name: str) -> None:
    wanted = Weights(weights={"ema_crossover": 0.25, "range-2": 0.75}, method="hrp")
    write_weights(tmp_path / name, wanted)
    assert read_weights(tmp_path / name) == wanted


@pytest.mark.parametrize(
    "text",
    ["[weights]\na = -0.1\n", "[weights]\na = 0.7\nb = 0.6\n", "[weights]\n", "[weights]\na = 'much'\n", "a = ["],
)
def test_files_that_hold_no_shares_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "w.toml").write_text(text)
    with pytest.raises(CommandLineError, match=r"w\.toml"):
        read_weights(tmp_path / "w.toml")


def configured(folder: Path) -> Config:
    """Return a configuration with two strategies, one with limits and one that risk sizes."""
    (folder / "c.toml").write_text("""
[risk.sizing.strategies.two]
model = "percent_of_equity"
equity_percent = 5
[[risk.strategies]]
name = "one"
max_open_positions = 2
[[strategies]]
name = "one"
script = "strategies/ema_crossover.lua"
[[strategies]]
name = "two"
script = "strategies/rsi_mean_reversion.lua"
""")
    return load_config(folder / "c.toml", [], {}).config


def test_shares_become_limits_and_sizes_that_the_configuration_takes(tmp_path: Path) -> None:
    config = configured(tmp_path)
    found = rebalance(config, Weights(weights={"one": 0.3, "two": 0.7}), Decimal(10_000))
    assert found.targets == {"one": "3000", "two": "7000"}
    by_settings = load_config(tmp_path / "c.toml", [f"risk.{each}" for each in found.settings], {}).config
    (tmp_path / "overlay.toml").write_text(toml_text(found.overlay))
    by_file = load_config(tmp_path / "overlay.toml", [], {}).config
    for risk in (by_settings.risk, by_file.risk):
        limits = {limit.name: (limit.max_notional, limit.max_open_positions) for limit in risk.strategies}
        assert limits == {"one": (Decimal(3000), 2), "two": (Decimal(7000), 0)}
        assert risk.sizing.plan_of("two").equity_percent == 70
        assert risk.sizing.plan_of("one").model == "none"


def test_a_strategy_without_a_share_takes_next_to_nothing_and_strangers_are_named(tmp_path: Path) -> None:
    config = configured(tmp_path)
    found = rebalance(config, Weights(weights={"one": 0.0, "two": 1.0}), Decimal(10_000))
    assert "strategies[0].max_notional=0.01" in found.settings
    with pytest.raises(CommandLineError, match="found \\['three'\\]"):
        rebalance(config, Weights(weights={"three": 1.0}), Decimal(1))
    with pytest.raises(CommandLineError, match="expected an equity above 0"):
        rebalance(config, Weights(weights={"one": 1.0}), Decimal(0))


def test_drift_is_what_is_held_less_what_is_wanted() -> None:
    positions = [
        {"runner": "one:A", "symbol": "A", "quantity": "-2", "mark": "100"},
        {"runner": "one:B", "symbol": "B", "quantity": "1", "mark": "50"},
        {"runner": "stray:A", "symbol": "A", "quantity": "1", "mark": "100"},
    ]
    rows = drift(
        Weights(weights={"one": 0.3, "two": 0.7}),
        {"equity": "1000", "positions": positions},
        dict.fromkeys("AB", Decimal(1)),
    )
    found = {row.strategy: (row.target, row.held, round(row.drift, 6)) for row in rows}
    assert found == {"two": ("700", "0", -0.7), "stray": ("0", "100", 0.1), "one": ("300", "250", -0.05)}
    assert [row.strategy for row in rows] == ["two", "stray", "one"]


def test_drift_counts_other_currencies_at_their_rate() -> None:
    config = Config()
    positions = [
        {"runner": "one:ETHBTC", "symbol": "ETHBTC", "quantity": "2", "mark": "0.05"},
        {"runner": "two:USDTTRY", "symbol": "USDTTRY", "quantity": "100", "mark": "40"},
        {"runner": "far:ETHEUR", "symbol": "ETHEUR", "quantity": "1", "mark": "3000"},
    ]
    rates = rates_of(config, {"ETHBTC": 0.05, "USDTTRY": 40.0, "ETHEUR": 3000.0, "BTCUSDT": 50_000.0})
    assert rates == {"ETHBTC": Decimal("50000.0"), "USDTTRY": Decimal("0.025"), "BTCUSDT": Decimal("1.0")}
    rows = drift(Weights(weights={"one": 0.5}), {"equity": "10000", "positions": positions}, rates)
    assert {row.strategy: row.held for row in rows} == {"one": "5000", "two": "100", "far": "0"}


def line(name: str, count: int, step: int, first: int = 0) -> Line:
    times = [(first + n * step) * HOUR for n in range(count)]
    values = [100.0 + math.sin(n) for n in range(count)]
    return Line(name=name, cash=Decimal(100), times_ns=times, equity=values, exposure=values)


def test_series_are_aligned_on_what_all_of_them_cover() -> None:
    found = aligned([line("a", 200, 1), line("b", 60, 2, first=50)])
    assert found.times_ns[-1] <= 50 * HOUR + 59 * 2 * HOUR
    assert found.times_ns[0] > 50 * HOUR
    assert len(found.rows) == len(found.times_ns)
    with pytest.raises(CommandLineError, match=f"share {FEWEST_RETURNS} periods or more, found 0"):
        aligned([line("a", 50, 1), line("b", 50, 1, first=500)])
    with pytest.raises(CommandLineError, match="two series or more"):
        aligned([line("a", 50, 1)])


def test_equal_weights_need_no_optimiser_and_figures_are_those_of_the_folds() -> None:
    found = optimise(returns(100), "equal", Walk(train=0.5, folds=4))
    assert found.weights == dict.fromkeys(NAMES, pytest.approx(1 / 3))
    assert found.out_of_sample == found.equal
    assert [(fold.begin, fold.end) for fold in found.folds] == [(50, 62), (62, 75), (75, 87), (87, 100)]
    assert found.out_of_sample.returns == 50
    assert found.in_sample.returns == 100


def test_a_missing_optimiser_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skfolio", None)
    with pytest.raises(CommandLineError, match=r"orrery\[portfolio\]"):
        weights_of(returns(50), "hrp", 50)


@pytest.mark.slow  # importing skfolio alone takes seconds
@pytest.mark.parametrize("method", OPTIMISERS)
def test_weights_know_nothing_of_what_lies_behind_them(method: Method) -> None:
    pytest.importorskip("skfolio")
    assert method in METHODS
    known = returns()
    found = optimise(known, method, Walk(train=0.5, folds=3))
    for fold in found.folds:
        assert sum(fold.weights.values()) == pytest.approx(1.0)
        future = [*known.rows[: fold.begin], *((0.5, -0.3, 0.1 * n) for n in range(400 - fold.begin))]
        other = Returns(names=NAMES, times_ns=known.times_ns, rows=future, periods_per_year=8760.0)
        assert weights_of(other, method, fold.begin) == fold.weights
    if method != "mean_variance":
        assert found.weights["a"] > found.weights["b"] > found.weights["c"] > 0
    if method == "risk_parity":
        risks = [found.weights[name] * spread for name, spread in zip(NAMES, SPREADS, strict=True)]
        assert max(risks) / min(risks) < 1.25


@pytest.mark.slow  # importing skfolio alone takes seconds
def test_where_nothing_gains_the_least_risk_is_left() -> None:
    pytest.importorskip("skfolio")
    losing = returns()
    rows = [tuple(value - 0.02 for value in row) for row in losing.rows]
    found = weights_of(
        Returns(names=NAMES, times_ns=losing.times_ns, rows=rows, periods_per_year=1.0), "mean_variance", 400
    )
    assert found["a"] > found["b"] > found["c"]
    still = [(0.01, 0.0, 0.02 * (n % 2)) for n in range(60)]
    with pytest.raises(CommandLineError, match="a, b: never moves"):
        weights_of(Returns(names=NAMES, times_ns=losing.times_ns, rows=still, periods_per_year=1.0), "hrp", 60)
