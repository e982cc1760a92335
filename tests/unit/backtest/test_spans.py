"""Stepping by span does what stepping by bar does, to the byte: random strategies on random and recorded bars."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.backtest.engine import BacktestRun
from services.backtest.plan import Plan, Steps
from services.signal.core.remembering import remembered
from services.signal.core.saving import decode_saved
from services.signal.hosts.lua import LuaLimits, lua_factory
from tests.unit.backtest.builders import plan, walk

FEW = LuaLimits(instructions=20_000)

HABITS = (
    "context.seen = (context.seen or 0) + market_data.close - market_data.open + (market_data.high - market_data.low)",
    "context.sides = (context.sides or 0) + market_data.bid * 3 - market_data.ask * 2 + market_data.volume",
    "context.clock = (context.clock or 0) + market_data.timestamp % 7 + market_data.time_since_open() / 1000",
    "context.chance = math.random()",
    "context.cash = context.account.cash; context.fees = context.account.fees",
    "context.held = context.position and context.position.pnl or 0",
    "context.age = context.order and context.order.age or -1",
    "if context.n % 41 == 0 then print('at', context.n, market_data.price) end",
    "if context.n % 67 == 3 then error('thrown at ' .. context.n) end",
    "if context.n > 50 then context.rsi = indicators.rsi(7) end",
    "if context.n > 90 then context.upper, context.middle = indicators.bollinger(11, 2) end",
    "if context.n > 20 then context.late = (indicators.atr(5) or 0) + (indicators.highest(9) or 0) + (indicators.sma(4) or 0) end",
    "if context.n % 89 == 5 then while true do context.spun = (context.spun or 0) + 1 end end",
    "if context.n % 97 == 6 then pcall(function() while true do context.lost = (context.lost or 0) + 1 end end) end",
    "if context.n % 101 == 7 then return 5 end",
    "if context.n % 103 == 8 then return { 1, 2 } end",
    "memory = memory or {}; memory[context.n % 5 + 1] = market_data.close; total = (total or 0) + memory[1 + #memory // 2]",
)
DETECTIONS = (
    "local f, s = indicators.ema(5), indicators.ema(12) if f and s and f > s then return { signal = 'up' } end",
    "if math.random() < 0.05 then return { signal = 'chance', odds = math.random() } end",
    "if context.n % 37 == 0 then return { signal = 'counted', at = context.n, deep = { 1, 2 } } end",
    "local m, s, h = indicators.macd(4, 9, 3) if h and h > 0 then return { signal = 'macd' } end",
)
FILTERS = (
    "return { action = 'SIDE', quantity = 1 LEVELS }",
    "context.waits = (context.waits or 0) + 1 if context.waits % 4 == 0 then return { action = 'SIDE', quantity = 2 LEVELS } end",
    "if math.random() < 0.2 then return { action = 'cancel_analysis', reason = 'no' } end"
    " if math.random() < 0.3 then return { action = 'SIDE', quantity = 1.5 LEVELS } end",
)
ENTRIES = (
    "",
    ", stop_loss = 0.004",
    ", stop_loss = 0.003, take_profit = 0.005",
    ", type = 'limit', price = market_data.close * 0.998",
    ", type = 'limit', price = market_data.close * 1.002, take_profit = 0.004",
    ", type = 'limit', price = market_data.close * 0.999, manage = true",
)
MANAGEMENT = (
    "",
    "if math.random() < 0.1 then return { action = 'exit', reason = 'chance' } end",
    "if context.position.pnl > 0.3 then return { action = 'exit', reason = 'profit' } end",
    "if context.n % 11 == 0 then return { action = 'exit_partial', quantity = 0.4 } end",
    "if context.n % 13 == 0 then return { action = 'trailing_stop', distance = 0.5 } end",
    "if context.n % 17 == 0 then return { action = 'update_stop', price = market_data.close * 0.99 } end",
    "if context.n % 19 == 0 then return { action = 'breakeven_stop' } end",
    "if context.n % 23 == 0 then return { action = 'update_target', price = market_data.close * 1.004 } end",
    "if not context.order then return { action = 'exit', order_type = 'limit', price = market_data.close * 1.001 } end"
    " if context.order.age % 3 == 0 then return { action = 'amend', price = context.order.price * 1.0001 } end",
    "return { action = 'hold' }",
)

LAYOUT = """
strategy = {{ name = "made", warmup = {warmup}, analyzing_timeout = {timeout} }}
function detect_opportunity(market_data, context, indicators)
  context.n = (context.n or 0) + 1
  {detect_habits}
  {detect}
end
function filter_commitment(market_data, context, indicators)
  context.n = (context.n or 0) + 1
  {filter_habits}
  {filter}
end
function manage_position(market_data, context, indicators)
  context.n = (context.n or 0) + 1
  {manage_habits}
  {manage}
end
"""


@st.composite
def sources(draw: st.DrawFn) -> str:
    """Make up a strategy file."""
    habits = st.lists(st.sampled_from(HABITS), max_size=4, unique=True)
    # A Lua function that returns must return last.
    blocks = {f"{name}_habits": "\n  ".join(draw(habits)) for name in ("detect", "filter", "manage")}
    side = draw(st.sampled_from(("enter_long", "enter_short")))
    return LAYOUT.format(
        warmup=draw(st.sampled_from((0, 0, 1, 30))),
        timeout=draw(st.sampled_from((0, 1, 2, 5))),
        detect=draw(st.sampled_from(DETECTIONS)),
        filter=draw(st.sampled_from(FILTERS)).replace("SIDE", side).replace("LEVELS", draw(st.sampled_from(ENTRIES))),
        manage=draw(st.sampled_from(MANAGEMENT)),
        **blocks,
    )


def outcome(of: Plan) -> tuple[Any, ...]:
    """Return all that a run leaves behind, except how long it took."""
    one = BacktestRun(of)
    result = one.run()
    counts = (result.bars, result.intents, result.orders, result.fills, result.refusals, result.error)
    money = (result.final_equity, result.fees, result.turnover, result.slippage_paid)
    return (result.digest, counts, money, result.trades, result.equity, result.is_complete, *one.snapshots())


def assert_same(one: Plan) -> None:
    """Compare a plan's run by span with that by bar, and say what differs."""
    by_span, by_bar = (outcome(replace(one, steps=steps)) for steps in (Steps.SPAN, Steps.BAR))
    for found, expected in zip(by_span, by_bar, strict=True):
        assert found == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    source=sources(),
    seed=st.integers(0, 10_000),
    trailing=st.sampled_from((0, 0, 0, 1)),
    start=st.sampled_from((0, 0, 200)),
    errors=st.sampled_from((1, 5, 1_000)),
)
def test_random_strategies(tmp_path: Path, source: str, seed: int, trailing: int, start: int, errors: int) -> None:
    bars = walk(500, seed)
    made = plan(
        tmp_path,
        source,
        bars,
        risk={"trailing_stop_percent": trailing},
        execution={"taker_fee_bps": 4},
        start_ns=int(bars.start_ns[start]) if start else None,
    )
    limits = replace_errors(made, errors)
    assert_same(replace(made, make_host=lua_factory(FEW), limits=limits))


def replace_errors(of: Plan, errors: int) -> Any:
    """Return a plan's limits with another number of errors before a pause, and a window that has to forget."""
    return type(of.limits)(max_errors=errors, window=150)


RESTING = """
strategy = { name = "made", analyzing_timeout = 3 }
seen = { detect = 0, filter = 0, manage = 0 }
function detect_opportunity(m, context, i)
  asked = (asked or 0) + 1
  if context.order then seen.detect = seen.detect + 1 end
  if asked % 5 == 0 then return { signal = "any" } end
end
function filter_commitment(m, context, i)
  if context.order then seen.filter = seen.filter + context.order.age return nil end
  return { action = "enter_long", quantity = 1, type = "limit", price = m.close * 0.999, manage = true }
end
function manage_position(m, context, i)
  held = (held or 0) + 1
  if context.order then seen.manage = seen.manage + context.order.age return nil end
  if held % 3 == 0 then return { action = "exit", type = "limit", price = m.close * 1.001 } end
end
"""


def test_no_order_is_shown_once_it_is_gone(tmp_path: Path) -> None:
    made = plan(tmp_path, RESTING, walk(500, 3))
    assert_same(made)
    one = BacktestRun(replace(made, steps=Steps.SPAN))
    one.run()
    (runner,) = decode_saved(one.snapshots()[0]).runners
    seen = remembered(runner.asker.host)["variables"]["seen"]
    assert seen["detect"] == 0
    assert min(seen["filter"], seen["manage"]) > 0
