"""Routing, counting and bounding in the core; a run that is cut, saved and restored goes on byte for byte."""

import random
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import (
    AnyMessage,
    CancelIntent,
    InputGap,
    MarketState,
    MarketStatus,
    OperatorCommand,
    OrderAccepted,
    OrderIntent,
    RunnerFailed,
    Side,
)
from services.signal.core.host import ErrorKind, Function, Outcome, StrategyError
from services.signal.core.indicator import IndicatorKey
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec, StrategySpec
from tests.unit.signal.support import (
    bar,
    cancelled,
    fill,
    intents,
    lua_core,
    quote,
    refused,
    runner_spec,
    scripted_core,
    stop_fill,
)

SOURCE = b"""
local calls = 0
seen = { highest = 0 }
function detect_opportunity(market_data, context, indicators)
  calls = calls + 1
  context.asked = (context.asked or 0) + 1
  seen.highest = math.max(seen.highest, market_data.close)
  local fast, slow = indicators.ema(3), indicators.ema(6)
  local _, middle = indicators.bollinger(5, 2)
  if calls == 40 then local late = indicators.sma(7 + calls % 3) end
  if calls % 23 == 0 then error("now and then") end
  if fast and middle and fast > slow then
    return { signal = "up", gap = fast - slow, notes = { calls, seen.highest } }
  end
end
function filter_commitment(market_data, context, indicators)
  local roll = math.random()
  if roll < 0.3 then return nil end
  if roll < 0.4 then return { action = "cancel_analysis", reason = "roll " .. calls } end
  local kind = roll < 0.6 and "limit" or "market"
  return { action = roll < 0.8 and "enter_long" or "enter_short", price = market_data.price, quantity = 1 + calls % 5,
    order_type = kind, stop_loss = 0.05 }
end
function manage_position(market_data, context, indicators)
  local roll = math.random(10)
  context.last = { roll = roll, pnl = context.position.pnl, cash = context.account.cash }
  if roll <= 2 then return { action = "exit", reason = "roll" } end
  if roll == 3 then return { action = "exit_partial", quantity = 0.5 } end
  if roll == 4 then return { action = "trailing_stop", fraction = 0.01 } end
  if roll == 5 then print("held", context.position.quantity) end
end
"""
NONE = b"function filter_commitment() end function manage_position() end"
STRATEGY = StrategySpec(
    name="demo",
    script="strategies/demo.lua",
    source=SOURCE,
    analyzing_timeout=4,
    indicators=(IndicatorKey("ema", (3,)), IndicatorKey("ema", (6,))),
)
SPECS = (runner_spec(STRATEGY), runner_spec(StrategySpec(name="other", script="o.lua", source=SOURCE)))


class Market:
    """A seeded walk of bars and quotes, and a venue that fills, refuses, cancels and stops at random."""

    def __init__(self, seed: int) -> None:
        self.generator = random.Random(seed)
        self.price = 100.0
        self.open: list[OrderIntent] = []

    def inputs(self, number: int) -> list[AnyMessage]:
        """Return what happens in a minute before the core answers."""
        self.price *= 1 + self.generator.uniform(-0.02, 0.021)
        each = bar(number, round(self.price, 2), volume=self.generator.uniform(1, 9))
        inputs: list[AnyMessage] = [quote(each.start_ns + 7, each.close, number), each]
        if self.generator.random() < 0.1:
            state = self.generator.choice(list(MarketState))
            inputs.insert(0, MarketStatus(symbol="BTCUSDT", state=state, reason="", event_ns=0, received_ns=0))
        if self.open and self.generator.random() < 0.3:
            inputs.append(self.outcome(self.open.pop(0)))
        return inputs

    def outcome(self, intent: OrderIntent) -> AnyMessage:
        """Return what becomes of an intent."""
        roll = self.generator.random()
        if roll < 0.7:
            return fill(intent)
        return refused(intent) if roll < 0.85 else cancelled(intent)

    def hear(self, said: Sequence[AnyMessage]) -> None:
        """Take intents in; a cancel ends what it names."""
        self.open += intents(said)
        for message in said:
            if isinstance(message, CancelIntent):
                self.open.sort(key=lambda intent: intent.id != message.intent_id)


def drive(core: SignalCore, market: Market, numbers: range) -> list[AnyMessage]:
    """Return all that a core says over some minutes."""
    said: list[AnyMessage] = []
    for number in numbers:
        for message in market.inputs(number):
            answers = core.handle(message, bar(number).end_ns)
            market.hear(answers)
            said += answers
    return said


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), cut=st.integers(0, 150))
def test_a_run_that_is_cut_and_restored_goes_on_byte_for_byte(seed: int, cut: int) -> None:
    whole = lua_core(*SPECS, limits=SignalLimits(max_errors=4, window=60))
    expected = drive(whole, Market(seed), range(150))
    first = lua_core(*SPECS, limits=SignalLimits(max_errors=4, window=60))
    market = Market(seed)
    said = drive(first, market, range(cut))
    saved = first.snapshot()
    second = lua_core(*SPECS, limits=SignalLimits(max_errors=4, window=60))
    second.restore(saved)
    assert second.snapshot() == saved
    said += drive(second, market, range(cut, 150))
    assert said == expected
    assert second.snapshot() == whole.snapshot()
    assert second.status() == whole.status()


def test_the_random_run_does_everything() -> None:
    core = lua_core(*SPECS, limits=SignalLimits(max_errors=4))
    said = drive(core, Market(3), range(600))
    assert {type(message).__name__ for message in said} >= {
        "OrderIntent", "CancelIntent", "StopUpdate", "RunnerTransitioned", "RunnerFailed",
    }  # fmt: skip
    assert core.status()["intents"] == len(intents(said)) > 10
    assert any("now and then" in message.error for message in said if isinstance(message, RunnerFailed))


def test_a_snapshot_changes_nothing() -> None:
    one, two = lua_core(*SPECS), lua_core(*SPECS)
    market_one, market_two = Market(8), Market(8)
    for number in range(0, 120, 3):
        numbers = range(number, number + 3)
        assert drive(one, market_one, numbers) == drive(two, market_two, numbers)
        two.snapshot()
    assert one.snapshot() == two.snapshot()


def test_old_repeated_and_partial_bars_feed_nothing_and_are_counted() -> None:
    core, host = scripted_core()
    for each in (bar(5), bar(5), bar(4), bar(6, partial=True), bar(6), bar(9)):
        core.handle(each, each.end_ns)
    status = core.status()
    assert (status["bars"], status["bars_old"], status["bars_partial"], status["bar_gaps"]) == (3, 2, 1, 1)
    assert len(host.asked) == 3


def test_bars_of_other_series_are_not_for_it() -> None:
    core, host = scripted_core()
    for each in (bar(0, symbol="ETHUSDT"), bar(0, timeframe="5m")):
        assert core.handle(each, 1) == ()
    assert (host.asked, core.status()["bars"]) == ([], 0)
    assert core.required_bars() == [("BTCUSDT", "1m")]


def test_messages_for_runners_that_are_not_here_are_counted() -> None:
    core, _ = scripted_core()
    core.handle(stop_fill("nobody:BTCUSDT", Side.SELL, Decimal(1), "1", 1), 1)
    core.handle(InputGap(topic="bar.BTCUSDT.1m", missing=3, event_ns=0, received_ns=0), 1)
    status = core.status()
    assert (status["strangers"], status["input_gaps"]) == (1, 3)


@pytest.mark.parametrize("name", ["runner.pause", "runner.resume"])
def test_operators_pause_and_resume(name: str) -> None:
    core, host = scripted_core(SignalLimits(max_errors=1))
    if name == "runner.resume":
        host.answers = {Function.DETECT: Outcome(error=StrategyError(ErrorKind.RUNTIME, "boo"))}
        core.handle(bar(0), 1)
        assert core.status()["paused"] == 1
    command = OperatorCommand(
        id="c1", service="signal", name=name, arguments={"runner": "demo:BTCUSDT"}, event_ns=0, received_ns=0
    )
    core.handle(command, 2)
    assert core.status()["paused"] == (1 if name == "runner.pause" else 0)


def test_one_runner_that_fails_stops_nobody_else() -> None:
    failing = StrategySpec(name="bad", script="bad.lua", source=b"function detect_opportunity() error('x') end " + NONE)
    good = StrategySpec(name="good", script="good.lua", source=b"function detect_opportunity() n=1 end " + NONE)
    core = lua_core(runner_spec(failing), runner_spec(good), limits=SignalLimits(max_errors=2))
    for number in range(6):
        core.handle(bar(number), number)
    bad, fine = core.status()["runners"]
    assert (bad["paused"], bad["evaluations"], bad["errors"]) == (True, 2, 2)
    assert (fine["paused"], fine["evaluations"], fine["errors"]) == (False, 6, 0)


def test_a_late_indicator_is_made_up_from_the_window() -> None:
    source = (
        b"""
function detect_opportunity(market_data, context, indicators)
  local n = market_data.close >= 103 and 3 or 2
  local value = indicators.sma(n)
  if value then return { signal = "s", value = value, n = n } end
end """
        + NONE
    )
    spec = StrategySpec(
        name="late", script="l.lua", source=source, analyzing_timeout=1, indicators=(IndicatorKey("sma", (2,)),)
    )
    core = lua_core(runner_spec(spec))
    shown = []
    for number in range(9):
        each = bar(number, 100.0 + number)
        core.handle(each, each.end_ns)
        shown.append(dict(core.status()["runners"][0]["context"]))
    assert shown[1]["value"] == 100.5
    assert shown[3]["n"] == 2
    assert (shown[4]["n"], shown[4]["value"]) == (3, 103.0)


def test_the_window_is_bounded() -> None:
    core, _ = scripted_core(SignalLimits(window=10))
    for number in range(50):
        core.handle(bar(number), number)
    size = len(core.snapshot())
    for number in range(50, 100):
        core.handle(bar(number), number)
    assert abs(len(core.snapshot()) - size) < 64


def test_a_runner_that_is_configured_no_more_is_dropped_and_a_new_one_starts_fresh() -> None:
    old = lua_core(*SPECS)
    drive(old, Market(1), range(30))
    renamed = runner_spec(StrategySpec(name="new", script="n.lua", source=SOURCE))
    new = lua_core(SPECS[0], renamed)
    new.restore(old.snapshot())
    assert new.status()["dropped_runners"] == 1
    kept, fresh = new.status()["runners"]
    assert kept["evaluations"] == old.status()["runners"][0]["evaluations"]
    assert fresh["evaluations"] == 0


def test_another_timeframe_keeps_the_position_and_fills_indicators_anew() -> None:
    old = lua_core(SPECS[0])
    drive(old, Market(1), range(30))
    new = lua_core(RunnerSpec(strategy=STRATEGY, symbol="BTCUSDT", timeframe="5m", currency="USDT"))
    new.restore(old.snapshot())
    (before,), (after,) = old.status()["runners"], new.status()["runners"]
    assert after["position"] is None or after["position"]["quantity"] == before["position"]["quantity"]
    assert (after["decisions"], after["bars"]) == (before["decisions"], 0)


def test_deadlines_there_are_none() -> None:
    core, _ = scripted_core()
    assert (core.next_deadline_ns(), core.on_deadline(5)) == (None, ())


def test_messages_that_move_nothing() -> None:
    core, _ = scripted_core()
    before = core.snapshot()
    accepted = OrderAccepted(
        order_id="a", intent_id="a", runner="demo:BTCUSDT", symbol="BTCUSDT", venue="paper", cause="a", event_ns=0,
        received_ns=0,
    )  # fmt: skip
    assert core.handle(accepted, 1) == ()
    assert core.snapshot() == before
