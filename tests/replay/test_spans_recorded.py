"""Stepping by span and by bar give the same run on every recorded history, with every strategy that is here."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from common.config.models import ExecutionSection, RiskSection
from orrery.data.bars import read_bars
from orrery.data.options import ReadOptions
from services.backtest.engine import BacktestRun
from services.backtest.plan import Plan, Steps
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.loading import load_strategy
from tests.unit.backtest.builders import EXACT, WIDE

HISTORIES = (
    ("btc_perp_1m_first_half.csv.gz", "BTCUSDT"),
    ("eth_btc_5m_201801.feather", "ETHBTC"),
    ("ltc_btc_5m_201801.feather", "LTCBTC"),
    ("xrp_eth_1m_201910.feather", "XRPETH"),
    ("xrp_eth_trades_201910.parquet", "XRPETH"),
)
STRATEGIES = sorted((Path(__file__).parents[2] / "strategies").glob("*.lua"))
BARS = 1_500


@pytest.mark.usefixtures("trend_model")
@pytest.mark.parametrize(("file", "symbol"), HISTORIES)
def test_recorded_history(file: str, symbol: str, shared_data: Path) -> None:
    table = read_bars(shared_data / "history" / file, ReadOptions(symbol=symbol)).table.rows(0, BARS)
    risk = RiskSection(**{**WIDE, "account_currency": symbol[3:]})
    execution = ExecutionSection(**{**EXACT, "taker_fee_bps": Decimal(10), "slippage_bps": Decimal(1)})
    for script in STRATEGIES:
        one = Plan(
            name=script.stem,
            tables=(table,),
            strategies=(load_strategy(script),),
            make_host=lua_factory(LuaLimits()),
            risk=risk,
            execution=execution,
        )
        by_span, by_bar = (BacktestRun(replace(one, steps=steps)) for steps in (Steps.SPAN, Steps.BAR))
        found, expected = by_span.run(), by_bar.run()
        assert (found.digest, found.trades, found.final_equity) == (
            expected.digest,
            expected.trades,
            expected.final_equity,
        ), script.name
        assert found.equity == expected.equity
        assert by_span.snapshots() == by_bar.snapshots()
