"""The checkers on five-minute bars that were really traded: an honest strategy is clean, the same with a leak is not."""

from pathlib import Path

import pytest

from orrery.data.bars import load_bars
from services.backtest.bars_table import BarTable
from services.backtest.checks.lookahead import check_lookahead
from services.backtest.checks.warmup import check_warmup
from services.signal.hosts.plugin_files import installed
from tests.unit.checks.cases import FILES, ROOT, plan_of

pytestmark = pytest.mark.slow
BARS = 600


@pytest.fixture(scope="module")
def history(shared_data: Path) -> BarTable:
    table, _ = load_bars(shared_data / "history" / "ltc_btc_5m_201801.feather", symbol="LTCBTC")
    return table.rows(0, BARS)


@pytest.mark.parametrize("name", ["ema_crossover", "range_breakout", "rsi_mean_reversion", "template"])
def test_an_honest_strategy_is_clean(history: BarTable, name: str) -> None:
    plan = plan_of(ROOT / "strategies" / f"{name}.lua", history)
    assert check_lookahead(plan, cuts=4).is_clean
    assert check_warmup(plan).is_clean


@pytest.mark.parametrize(("leak", "plugin"), [("shift_back", "next_close"), ("full_zscore", "full_zscore")])
def test_a_leak_is_found(history: BarTable, leak: str, plugin: str) -> None:
    with installed([FILES / "indicators" / f"{plugin}.py"]):
        report = check_lookahead(plan_of(FILES / "leaks" / f"{leak}.lua", history), cuts=4)
    assert plugin in {finding.subject.partition("(")[0] for finding in report.findings}
