"""Pairs on bars, by hand: the order that the way through the bar comes to first trades, and the other is gone."""

from decimal import Decimal
from pathlib import Path

import pytest

from services.backtest.engine import run
from services.backtest.plan import Steps
from services.backtest.result import RunResult
from tests.unit.backtest.builders import plan, table

Ohlc = tuple[float, float, float, float]
FLAT: Ohlc = (100.0, 100.5, 99.5, 100.0)
UP_THEN_BACK: Ohlc = (100.0, 104.0, 99.0, 101.0)

STRADDLE = """
strategy = { name = "straddle", analyzing_timeout = 0 }
function detect_opportunity(market_data, context, indicators)
  context.bars = (context.bars or 0) + 1
  if context.bars == 3 then return { signal = "now" } end
end
function filter_commitment(market_data, context, indicators)
  context.asked = (context.asked or 0) + 1
  if context.asked == 1 then
    return { action = "oco", manage = true, orders = {
      { action = "enter_long", order_type = "stop", trigger_price = 103, quantity = 2 },
      { action = "enter_short", order_type = "stop", trigger_price = 97, quantity = 1 },
    } }
  end
  print(#context.orders, context.orders[1].trigger_price, context.orders[2].trigger_price)
end
function manage_position(market_data, context, indicators)
  context.managed = (context.managed or 0) + 1
  if context.managed == 1 then
    local sign = context.position.side == "long" and 1 or -1
    return { action = "oco", orders = {
      { action = "exit", order_type = "limit", price = market_data.close + sign * 5 },
      { action = "exit", order_type = "stop", trigger_price = market_data.close - sign * 5 },
    } }
  end
end
"""


def outcome(tmp_path: Path, *bars: Ohlc, steps: Steps = Steps.BAR) -> RunResult:
    result = run(plan(tmp_path, STRADDLE, table(FLAT, FLAT, FLAT, *bars), steps=steps))
    assert result.error == ""
    assert result.is_complete
    return result


def sides(result: RunResult) -> list[tuple[str, Decimal, Decimal]]:
    return [(trade.side, trade.entry_price, trade.exit_price) for trade in result.trades]


@pytest.mark.parametrize("steps", list(Steps))
@pytest.mark.parametrize(
    ("bars", "trades"),
    [
        ([UP_THEN_BACK, (101.0, 107.0, 100.0, 106.0)], [("long", "103", "106")]),
        ([UP_THEN_BACK, (101.0, 102.0, 95.0, 96.0)], [("long", "103", "96")]),
        ([(100.0, 101.0, 96.0, 98.0), (98.0, 103.5, 97.5, 103.0)], [("short", "97", "103")]),
        ([FLAT, (100.0, 104.0, 96.0, 103.5), (103.5, 104.0, 103.0, 103.5)], []),  # down first, for both are in the bar
        ([FLAT, FLAT], []),
    ],
)
def test_one_of_a_pair_trades(
    tmp_path: Path, steps: Steps, bars: list[Ohlc], trades: list[tuple[str, str, str]]
) -> None:
    result = outcome(tmp_path, *bars, steps=steps)
    assert sides(result) == [(side, Decimal(entry), Decimal(out)) for side, entry, out in trades]
    assert result.refusals == 0
