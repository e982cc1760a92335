"""The checkers on strategies that read longer bars and another symbol: honest ones pass, a planted leak does not."""

from pathlib import Path

import numpy as np
import pytest

from services.backtest import longer_bars
from services.backtest.bars_table import BarTable
from services.backtest.checks.lookahead import check_lookahead
from services.backtest.checks.model import Kind
from services.backtest.checks.warmup import check_warmup
from services.backtest.longer_bars import longer
from tests.unit.backtest.builders import plan, walk

SOURCE = """
strategy = { name = "filtered", warmup = 20 }
function detect_opportunity(md, context, indicators)
  local slow, other = indicators.sma(3, "5m"), indicators.bar("5m", "ETHUSDT")
  if slow and other and md.close > slow and other.close > other.open then return { signal = "up" } end
end
function filter_commitment(md, context, indicators) return { action = "enter_long", quantity = 1 } end
function manage_position(md, context, indicators)
  if md.close < indicators.sma(3, "5m") then return { action = "exit" } end
end
"""


def knowing(table: BarTable, timeframe: str) -> BarTable:
    """Return longer bars that close where the next one does: as if they were seen before they were over."""
    made = longer(table, timeframe)
    later = np.minimum(np.arange(len(made)) + 1, len(made) - 1)
    high, low = np.maximum(made.high, made.close[later]), np.minimum(made.low, made.close[later])
    return BarTable(made.symbol, made.timeframe, made.start_ns, made.open, high, low, made.close[later], made.volume)


def test_an_honest_strategy_passes_both(tmp_path: Path) -> None:
    one = plan(tmp_path, SOURCE, walk(400, 1), walk(400, 2, "ETHUSDT"))
    found = check_lookahead(one, cuts=6)
    assert (found.findings, found.is_clean) == ((), True)
    report = check_warmup(one)
    assert report.findings == ()
    assert (report.warmth[0].indicator, report.warmth[0].first) == ('sma(3, "5m")', 20)


def test_a_series_that_peeks_into_an_open_bar_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(longer_bars, "longer", knowing)
    report = check_lookahead(plan(tmp_path, SOURCE, walk(300, 1), walk(300, 2, "ETHUSDT")), cuts=6)
    found = {finding.subject: finding for finding in report.findings}
    assert not report.is_clean
    assert (found['sma(3, "5m")'].kind, found['sma(3, "5m")'].line) == (Kind.VALUE, 4)
    assert 'bar("5m", "ETHUSDT").close' in found
