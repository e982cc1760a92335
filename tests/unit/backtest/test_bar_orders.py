"""Each type of order on bars, by hand: where on the way through a bar it is triggered and fills; never at a better price."""

from decimal import Decimal
from pathlib import Path

import pytest

from services.backtest.engine import run
from services.backtest.plan import Steps
from services.backtest.result import RunResult
from tests.unit.backtest.builders import MINUTE, ONCE, T0, plan, table, walk

Ohlc = tuple[float, float, float, float]
FLAT: Ohlc = (100.0, 100.5, 99.5, 100.0)
BUY = 'action = "enter_long", quantity = 2, order_type = '
SELL = 'action = "enter_short", quantity = 2, order_type = '
TICK = Decimal("0.00000001")

LEAVING = """
strategy = { name = "leaving", analyzing_timeout = 0 }
function detect_opportunity(market_data, context, indicators)
  context.bars = (context.bars or 0) + 1
  if context.bars == 3 then return { signal = "now" } end
end
function filter_commitment(market_data, context, indicators)
  context.asked = (context.asked or 0) + 1
  %s
end
function manage_position(market_data, context, indicators)
  context.managed = (context.managed or 0) + 1
  %s
end
"""
ENTER = 'if context.asked == 1 then return { action = "enter_long", quantity = 2 } end'


def outcome(tmp_path: Path, entry: str, *bars: Ohlc, **changes: object) -> RunResult:
    """Return the run of a strategy that decides to enter at the close of the third bar."""
    source = entry if "function" in entry else ONCE % entry
    result = run(plan(tmp_path, source, table(FLAT, FLAT, FLAT, *bars), **changes))
    assert result.error == ""
    assert result.is_complete
    return result


def bought_at(tmp_path: Path, entry: str, *bars: Ohlc) -> Decimal | None:
    result = outcome(tmp_path, entry, *bars)
    assert result.fills <= 1
    return result.turnover / 2 if result.fills else None


@pytest.mark.parametrize(
    ("entry", "bars", "price"),
    [
        (BUY + '"stop", trigger_price = 103', [(100.0, 102.9, 97.0, 100.0)], None),
        (BUY + '"stop", trigger_price = 103', [(100.0, 103.0, 97.0, 100.0)], "103"),  # a touch is enough to lose by
        (BUY + '"stop", trigger_price = 103', [FLAT, (105.0, 106.0, 104.0, 105.0)], "105"),  # the gap
        (BUY + '"stop", trigger_price = 99', [(100.0, 101.0, 99.5, 100.0)], "100"),  # there already
        (SELL + '"stop", trigger_price = 97', [(100.0, 103.0, 96.0, 100.0)], "97"),
        (SELL + '"stop", trigger_price = 97', [FLAT, (95.0, 99.0, 94.0, 96.0)], "95"),
        (BUY + '"take_profit", trigger_price = 97', [(100.0, 101.0, 97.0, 99.0)], None),  # only touched
        (BUY + '"take_profit", trigger_price = 97', [(100.0, 101.0, 96.0, 99.0)], "97"),
        (SELL + '"take_profit", trigger_price = 103', [(100.0, 103.0, 99.0, 101.0)], None),
        (SELL + '"take_profit", trigger_price = 103', [(100.0, 104.0, 99.0, 101.0)], "103"),
        (SELL + '"take_profit_limit", trigger_price = 103, price = 105', [(100.0, 104.0, 99.0, 101.0)], None),
        (SELL + '"take_profit_limit", trigger_price = 103, price = 105', [(100.0, 106.0, 99.0, 101.0)], "105"),
        (BUY + '"stop_limit", trigger_price = 103, price = 104', [(100.0, 106.0, 99.0, 101.0)], "103"),
        (
            BUY + '"stop_limit", trigger_price = 103, price = 104',
            [FLAT, (105.0, 107.0, 104.5, 106.0), (106.0, 106.5, 103.0, 105.0)],
            "104",
        ),
        (BUY + '"stop_limit", trigger_price = 103, price = 104', [FLAT, (105.0, 107.0, 104.0, 106.0)], None),
        (BUY + '"stop_limit", trigger_price = 103, price = 104, time_in_force = "fok"',
            [FLAT, (105.0, 107.0, 104.5, 106.0), (106.0, 106.5, 103.0, 105.0)], None),
        (BUY + '"limit", price = 99, post_only = true', [(100.0, 101.0, 98.0, 99.0)], "99"),
        (BUY + '"limit", price = 101, post_only = true', [(100.0, 101.0, 98.0, 99.0)], None),
        (BUY + '"limit", price = 95, time_in_force = "ioc"', [FLAT, (100.0, 101.0, 94.0, 99.0)], None),
        (BUY + '"limit", price = 95, expires_in = 150', [FLAT, FLAT, (100.0, 101.0, 94.0, 99.0)], None),
        (BUY + '"limit", price = 95, expires_in = 151', [FLAT, FLAT, (100.0, 101.0, 94.0, 99.0)], "95"),
        (SELL + '"stop", trigger_price = 97, trigger_by = "mid"', [(100.0, 103.0, 97.0, 100.0)], None),
        (SELL + '"stop", trigger_price = 97, trigger_by = "mid"', [(100.0, 103.0, 96.0, 100.0)], str(Decimal(97) - TICK)),
    ],
)  # fmt: skip
def test_entries(tmp_path: Path, entry: str, bars: list[Ohlc], price: str | None) -> None:
    assert bought_at(tmp_path, entry, *bars) == (None if price is None else Decimal(price))


def test_a_trailing_entry_follows_the_way(tmp_path: Path) -> None:
    """Up to 100.5, down to 99.5 (the ask a tick above), where the trigger is a tick above 100.5."""
    entry = BUY + '"trailing_stop", trail = 1'
    assert bought_at(tmp_path, entry, FLAT, (100.0, 100.5, 99.9, 100.0)) is None
    assert bought_at(tmp_path, entry, FLAT, (100.0, 100.6, 99.9, 100.0)) == Decimal("100.5") + TICK
    assert bought_at(tmp_path, entry, FLAT, (102.0, 103.0, 101.0, 102.0)) == Decimal(102)


def test_an_entry_by_stop_meets_its_own_stop_in_the_same_bar(tmp_path: Path) -> None:
    entry = BUY + '"stop", trigger_price = 103, stop_price = 98'
    (trade,) = outcome(tmp_path, entry, FLAT, (100.0, 104.0, 97.0, 99.0), FLAT).trades
    assert (trade.entry_price, trade.exit_price, trade.bars_held) == (Decimal(103), Decimal(98), 0)


@pytest.mark.parametrize(
    ("exit_", "bar", "price"),
    [
        ('order_type = "limit", price = 103', (100.0, 103.0, 99.0, 100.0), None),
        ('order_type = "limit", price = 103', (100.0, 104.0, 99.0, 100.0), "103"),
        ('order_type = "stop", trigger_price = 98', (100.0, 104.0, 98.0, 100.0), "98"),
        ('order_type = "take_profit", trigger_price = 103', (100.0, 104.0, 98.0, 100.0), "103"),
        ('order_type = "trailing_stop", trail = 3', (100.0, 101.0, 97.0, 98.0), "97"),
        ('order_type = "trailing_stop", trail_percent = 2', (101.0, 104.0, 99.5, 100.0), "101.91999999"),  # beneath 104
    ],
)
def test_exits_that_rest(tmp_path: Path, exit_: str, bar: Ohlc, price: str | None) -> None:
    leave = f'if context.managed == 1 then return {{ action = "exit", {exit_} }} end'
    result = outcome(tmp_path, LEAVING % (ENTER, leave), FLAT, bar, FLAT)
    assert [trade.exit_price for trade in result.trades] == ([] if price is None else [Decimal(price)])
    for trade in result.trades:
        assert T0 + 4 * MINUTE <= trade.exit_ns <= T0 + 5 * MINUTE


def test_an_exit_that_rests_is_amended_and_then_taken_back(tmp_path: Path) -> None:
    leave = """
      if context.managed == 1 then return { action = "exit", order_type = "limit", price = 110 } end
      if context.managed == 2 then return { action = "amend", price = 103 } end
      if context.managed == 3 then return { action = "exit" } end
    """
    moved = outcome(tmp_path, LEAVING % (ENTER, leave), FLAT, FLAT, (100.0, 104.0, 99.0, 100.0), FLAT)
    assert [trade.exit_price for trade in moved.trades] == [Decimal(103)]
    taken_back = outcome(tmp_path, LEAVING % (ENTER, leave), FLAT, FLAT, FLAT, (101.0, 102.0, 99.0, 100.0), FLAT, FLAT)
    (trade,) = taken_back.trades
    assert trade.exit_price == Decimal(99)  # the cancel meets the open; what follows from it the next price of the way


def test_an_entry_that_rests_is_managed_if_it_says_so(tmp_path: Path) -> None:
    wanted = """
      if context.asked == 1 then
        return { action = "enter_long", quantity = 2, order_type = "stop", trigger_price = 110, manage = true }
      end
      if context.asked == 2 then return { action = "amend", trigger_price = 103, quantity = 3 } end
    """
    result = outcome(tmp_path, LEAVING % (wanted, ""), FLAT, FLAT, (100.0, 104.0, 99.0, 100.0))
    assert (result.fills, result.turnover) == (1, Decimal(309))
    gone = wanted + ' if context.asked == 3 then return { action = "cancel", reason = "late" } end'
    assert outcome(tmp_path, LEAVING % (gone, ""), FLAT, FLAT, FLAT, (100.0, 104.0, 99.0, 100.0)).fills == 0


def test_an_entry_brings_its_trailing_stop(tmp_path: Path) -> None:
    entry = 'action = "enter_long", quantity = 2, trailing_stop = 2, breakeven_at = 104'
    (trade,) = outcome(tmp_path, entry, FLAT, (101.0, 103.0, 100.99, 102.0), (102.0, 102.0, 100.0, 100.5)).trades
    assert trade.exit_price == Decimal(101) - TICK  # beneath the bid at 103
    entry = 'action = "enter_long", quantity = 2, breakeven_at = 104'
    (trade,) = outcome(tmp_path, entry, FLAT, (101.0, 105.0, 100.5, 104.5), (104.0, 104.0, 99.0, 99.5), FLAT).trades
    assert trade.exit_price == Decimal(100)


RANDOM = """
strategy = { name = "random", analyzing_timeout = 4 }
local function pick(list) return list[math.random(#list)] end
local function order(price, up)
  local answer = { price = price, quantity = math.random(3) }
  answer.order_type = pick({ "market", "limit", "stop", "stop_limit", "take_profit", "trailing_stop" })
  local way = (math.random() - 0.5) * 2
  if answer.order_type == "limit" then answer.price = price + way end
  if answer.order_type == "stop_limit" then answer.limit_price = price + way * 1.5 end
  if answer.order_type:sub(1, 4) == "stop" or answer.order_type == "take_profit" then answer.trigger_price = price + way end
  if answer.order_type == "trailing_stop" then answer.trail = math.random() + 0.1 end
  if answer.order_type ~= "market" and math.random() < 0.3 then answer.expires_in = math.random(400) end
  return answer
end
function detect_opportunity(market_data, context, indicators) return { signal = "any" } end
function filter_commitment(market_data, context, indicators)
  local answer = order(market_data.close)
  if context.waits then
    context.waits = nil
    return pick({ { action = "cancel" }, { action = "amend", quantity = math.random(3) }, { action = "hold" } })
  end
  context.waits = true
  answer.action, answer.manage, answer.trailing_percent = pick({ "enter_long", "enter_short" }), true, 1
  return answer
end
function manage_position(market_data, context, indicators)
  context.waits = nil
  if math.random() < 0.3 then
    local answer = order(market_data.close)
    answer.action = "exit"
    return answer
  end
end
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_spans_and_single_bars_agree_on_every_type(tmp_path: Path, seed: int) -> None:
    runs = [run(plan(tmp_path, RANDOM, walk(400, seed), steps=steps)) for steps in (Steps.SPAN, Steps.BAR)]
    first, second = runs
    assert first.is_complete
    assert second.is_complete
    assert first.fills > 20
    assert first.digest == second.digest
    assert first.final_equity == second.final_equity
