"""Small markets and plans for the engine's tests."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from common.config.models import ExecutionSection, RiskSection
from services.backtest.bars_table import BarTable
from services.backtest.plan import Plan
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.loading import load_strategy

MINUTE = 60_000_000_000
T0 = 1_700_000_040_000_000_000
WIDE: dict[str, Any] = {
    "initial_cash": Decimal(10**8),
    "max_position_size": Decimal(10**9),
    "max_notional_exposure": Decimal(10**15),
    "max_open_positions": 1_000,
}
EXACT: dict[str, Any] = {"slippage_bps": Decimal(0), "taker_fee_bps": Decimal(0), "maker_fee_bps": Decimal(0)}

EMA = """
strategy = { name = "ema", analyzing_timeout = 5 }
function detect_opportunity(market_data, context, indicators)
  local fast, slow = indicators.ema(10), indicators.ema(20)
  if fast and slow and fast > slow then return { signal = "bullish" } end
end
function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", quantity = 1 }
end
function manage_position(market_data, context, indicators)
  if indicators.ema(10) < indicators.ema(20) then return { action = "exit", reason = "crossed" } end
end
"""

ONCE = """
strategy = { name = "once", params = { at = { default = 3 }, leave = { default = 99 } }, analyzing_timeout = 0 }
function detect_opportunity(market_data, context, indicators)
  context.bars = (context.bars or 0) + 1
  if context.bars == context.params.at then return { signal = "now" } end
end
function filter_commitment(market_data, context, indicators)
  return { %s }
end
function manage_position(market_data, context, indicators)
  context.managed = (context.managed or 0) + 1
  if context.managed == context.params.leave then return { action = "exit", reason = "enough" } end
end
"""


def table(*bars: tuple[float, float, float, float], symbol: str = "BTCUSDT", timeframe: str = "1m") -> BarTable:
    """Return bars of (open, high, low, close), one after the other."""
    columns = np.array(bars, dtype=np.float64).T
    starts = T0 + np.arange(len(bars), dtype=np.int64) * MINUTE
    open_, high, low, close = (np.ascontiguousarray(column) for column in columns)
    return BarTable(symbol, timeframe, starts, open_, high, low, close, np.ones(len(bars)))


def walk(count: int, seed: int, symbol: str = "BTCUSDT") -> BarTable:
    """Return a random walk of bars, prices on cents."""
    chance = np.random.default_rng(seed)
    closes = np.round(100 * np.exp(np.cumsum(chance.normal(0, 0.004, count))), 2)
    opens = np.round(np.concatenate([[100.0], closes[:-1]]) * np.exp(chance.normal(0, 0.001, count)), 2)
    highs = np.round(np.maximum(opens, closes) + np.abs(chance.normal(0, 0.2, count)), 2)
    lows = np.round(np.minimum(opens, closes) - np.abs(chance.normal(0, 0.2, count)), 2)
    return table(*zip(opens, highs, lows, closes, strict=True), symbol=symbol)


def plan(tmp_path: Path, source: str, *tables: BarTable, **changes: Any) -> Plan:
    """Return a plan of one strategy file; risk and execution are given as keys of their sections."""
    path = tmp_path / f"strategy{len(list(tmp_path.iterdir()))}.lua"
    path.write_text(source)
    risk, execution = changes.pop("risk", {}), changes.pop("execution", {})
    params = changes.pop("params", {})
    return Plan(
        name="test",
        tables=tables,
        strategies=(load_strategy(path, params=params),),
        make_host=lua_factory(LuaLimits()),
        risk=RiskSection(**{**WIDE, **risk}),
        execution=ExecutionSection(**{**EXACT, **execution}),
        **changes,
    )
