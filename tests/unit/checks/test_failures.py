"""Strategies and plug-ins that fail: on short data alone, which is a finding, or everywhere, which is no answer."""

from pathlib import Path

import pytest

from services.backtest.checks.futures import scaled
from services.backtest.checks.lookahead import check_lookahead
from services.backtest.checks.model import CheckError, Kind
from services.backtest.checks.warmup import check_warmup
from services.signal.hosts.plugin_files import installed
from services.signal.loading import StrategyFileError, load_strategy, validate
from tests.unit.checks.cases import market, plan_of

STRATEGY = """
function detect_opportunity(market_data, context, indicators)
  local value = indicators.fragile()
  if value and value > 0 then return { signal = "up" } end
end
function filter_commitment() return { action = "enter_long", quantity = 1 } end
function manage_position() return { action = "exit" } end
"""
FRAGILE = """
def compute(columns, params):
    close = columns["close"]
    if close.max() < %g:
        raise ValueError("too low")
    return close
"""


def written(folder: Path, least: float) -> tuple[Path, Path]:
    strategy, plugin = folder / "fragile_user.lua", folder / "fragile.py"
    strategy.write_text(STRATEGY)
    plugin.write_text(FRAGILE % least)
    return strategy, plugin


def test_what_fails_only_without_the_future_is_found(tmp_path: Path) -> None:
    strategy, plugin = written(tmp_path, 100.0)
    with installed([plugin]):
        report = check_lookahead(plan_of(strategy, market(120)), cuts=2)
    finding = report.findings[0]
    assert (finding.kind, finding.subject) == (Kind.FAILURE, "run")
    assert "fragile.py: compute: ValueError: too low" in finding.expected


def test_what_fails_on_all_of_the_data_cannot_be_checked(tmp_path: Path) -> None:
    strategy, plugin = written(tmp_path, 100.0)
    low = scaled(market(400), 0.5)
    with installed([plugin]):
        plan = plan_of(strategy, low)
        for check in (check_lookahead, check_warmup):
            with pytest.raises(CheckError, match=r"expected a run to the end of the data, found: bar 1: .*too low"):
                check(plan)


def test_what_fails_on_made_up_bars_cannot_be_loaded(tmp_path: Path) -> None:
    strategy, plugin = written(tmp_path, 1_000.0)
    with installed([plugin]):
        with pytest.raises(StrategyFileError, match=r"an indicator failed on made-up bars: fragile\.py: compute"):
            load_strategy(strategy)
        report = validate(strategy)
    assert not report.ok
    assert "too low" in report.problems[0].text
