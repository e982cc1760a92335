"""A runner's life, driven through the core: what is asked when, what is said, and how answers change it."""

from decimal import Decimal
from typing import Any

import pytest

from common.messages import (
    AccountChanged,
    AnyMessage,
    IntentKind,
    MarketState,
    MarketStatus,
    OrderIntent,
    OrderType,
    PositionChanged,
    RunnerFailed,
    RunnerState,
    RunnerTransitioned,
    Side,
    StopUpdate,
    TimeInForce,
)
from services.signal.core.host import ErrorKind, Function, Outcome, PositionView, StrategyError
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import Update
from tests.unit.signal.support import (
    ScriptedHost,
    bar,
    cancelled,
    cancels,
    fill,
    intents,
    quote,
    refused,
    scripted_core,
    stop_fill,
)

DETECT, FILTER, MANAGE = Function.DETECT, Function.FILTER, Function.MANAGE
BULLISH = {"signal": "bullish", "confidence": 0.8}
ENTER = {"action": "enter_long", "price": 100.0, "quantity": 1.5}
LIMIT = {**ENTER, "order_type": "limit", "price": 99.0}


def state_of(core: SignalCore) -> str:
    """Return the state of the one runner."""
    return str(core.status()["runners"][0]["state"])


def step(core: SignalCore, number: int, close: float = 100.0) -> list[AnyMessage]:
    """Feed the bar of a number."""
    each = bar(number, close)
    return list(core.handle(each, each.end_ns))


def entered(**changes: Any) -> tuple[SignalCore, ScriptedHost, OrderIntent]:
    """Return a core whose runner holds 1.5 long from 100, after bar 0."""
    core, host = scripted_core(**changes)
    host.answers = {DETECT: BULLISH, FILTER: ENTER}
    (intent,) = intents(step(core, 0))
    core.handle(fill(intent), 1)
    assert state_of(core) == "in_position"
    return core, host, intent


def test_detect_and_filter_are_asked_on_the_same_update() -> None:
    core, host = scripted_core()
    host.answers = {DETECT: BULLISH}
    said = step(core, 0)
    assert host.asked == [DETECT, FILTER]
    (moved,) = said
    assert isinstance(moved, RunnerTransitioned)
    assert (moved.before, moved.after, moved.reason) == (RunnerState.IDLE, RunnerState.ANALYZING, "bullish")
    assert moved.cause == "bar:BTCUSDT:1m:0"


def test_nil_in_idle_asks_nothing_more() -> None:
    core, host = scripted_core()
    assert [step(core, 0), step(core, 1)] == [[], []]
    assert host.asked == [DETECT, DETECT]


def test_an_entry_is_an_intent_on_the_instruments_steps() -> None:
    core, host = scripted_core(stop_loss=0.02, take_profit=0.04)
    host.answers = {DETECT: BULLISH, FILTER: {**ENTER, "price": 100.004, "quantity": 1.23456, "reason": "why"}}
    (intent,) = intents(step(core, 0))
    assert (intent.id, intent.runner, intent.strategy) == ("demo:BTCUSDT-1", "demo:BTCUSDT", "demo")
    assert (intent.kind, intent.side, intent.order_type) == (IntentKind.ENTRY, Side.BUY, OrderType.MARKET)
    assert (intent.quantity, intent.reference_price) == (Decimal("1.234"), Decimal("100.00"))
    assert (intent.stop_price, intent.target_price) == (Decimal("98.00"), Decimal("104.00"))
    assert (intent.reason, intent.cause, intent.limit_price) == ("why", "bar:BTCUSDT:1m:0", None)
    assert intent.event_ns == intent.received_ns == bar(0).end_ns


def test_a_short_entry_has_its_levels_on_the_other_side() -> None:
    core, host = scripted_core(stop_loss=0.02, take_profit=0.04)
    host.answers = {DETECT: BULLISH, FILTER: {"action": "enter_short", "quantity": 1}}
    (intent,) = intents(step(core, 0, close=200.0))
    assert (intent.side, intent.reference_price) == (Side.SELL, Decimal("200.00"))
    assert (intent.stop_price, intent.target_price) == (Decimal("204.00"), Decimal("192.00"))


def test_levels_of_the_entry_win_over_those_of_the_strategy() -> None:
    core, host = scripted_core(stop_loss=0.02, take_profit=0.04)
    host.answers = {DETECT: BULLISH, FILTER: {**ENTER, "stop_price": 97, "take_profit": 0.1}}
    (intent,) = intents(step(core, 0))
    assert (intent.stop_price, intent.target_price) == (Decimal("97.00"), Decimal("110.00"))


def test_while_an_intent_is_on_its_way_nothing_is_asked() -> None:
    core, host = scripted_core()
    host.answers = {DETECT: BULLISH, FILTER: ENTER}
    step(core, 0)
    host.asked.clear()
    assert [step(core, number) for number in range(1, 40)] == [[]] * 39
    assert host.asked == []
    assert state_of(core) == "analyzing"


def test_a_fill_makes_the_position() -> None:
    core, host, intent = entered()
    assert host.position == PositionView(1.5, 100.0, None, None)
    shown = core.status()["runners"][0]["position"]
    assert (shown["side"], shown["quantity"], shown["entry_price"]) == ("long", "1.5", "100")
    host.asked.clear()
    step(core, 1, close=102.0)
    assert host.asked == [MANAGE]
    assert core.status()["runners"][0]["position"]["unrealised_pnl"] == pytest.approx(3.0)
    assert intent.id == "demo:BTCUSDT-1"


@pytest.mark.parametrize("answer", [refused, cancelled])
def test_a_refused_or_cancelled_entry_leads_back_to_idle(answer: Any) -> None:
    core, host = scripted_core()
    host.answers = {DETECT: BULLISH, FILTER: ENTER}
    (intent,) = intents(step(core, 0))
    (moved,) = core.handle(answer(intent), 1)
    assert isinstance(moved, RunnerTransitioned)
    assert (moved.after, moved.reason) == (RunnerState.IDLE, "notional" if answer is refused else "cancelled")
    (again,) = intents(step(core, 1))
    assert again.id == "demo:BTCUSDT-2"


def test_cancel_analysis_leads_back_to_idle() -> None:
    core, host = scripted_core()
    host.answers = {DETECT: BULLISH, FILTER: {"action": "cancel_analysis", "reason": "weak"}}
    said = step(core, 0)
    assert [message.reason for message in said if isinstance(message, RunnerTransitioned)] == ["bullish", "weak"]
    assert state_of(core) == "idle"


def test_analyzing_times_out_after_so_many_updates() -> None:
    core, host = scripted_core(analyzing_timeout=3)
    host.answers = {DETECT: BULLISH}
    step(core, 0)
    host.answers = {}
    assert [len(step(core, number)) for number in (1, 2, 3)] == [0, 0, 1]
    assert host.asked == [DETECT, FILTER, FILTER, FILTER, FILTER]
    assert state_of(core) == "idle"


def test_an_entry_on_the_last_update_is_not_timed_out() -> None:
    core, host = scripted_core(analyzing_timeout=1)
    host.answers = {DETECT: BULLISH}
    step(core, 0)
    host.answers = {FILTER: ENTER}
    assert len(intents(step(core, 1))) == 1
    assert state_of(core) == "analyzing"


def test_an_exit_ends_with_its_fill() -> None:
    core, host, _ = entered()
    host.answers = {MANAGE: {"action": "exit", "price": 103, "reason": "done"}}
    (leave,) = intents(step(core, 1, close=103.0))
    assert (leave.id, leave.kind, leave.side) == ("demo:BTCUSDT-2", IntentKind.EXIT, Side.SELL)
    assert (leave.quantity, leave.reason) == (Decimal("1.5"), "done")
    assert step(core, 2) == []
    (moved,) = core.handle(fill(leave), 2)
    assert isinstance(moved, RunnerTransitioned)
    assert (moved.after, host.position) == (RunnerState.IDLE, None)


def test_a_refused_exit_is_asked_for_again() -> None:
    core, host, _ = entered()
    host.answers = {MANAGE: {"action": "exit"}}
    (leave,) = intents(step(core, 1))
    core.handle(refused(leave), 1)
    assert state_of(core) == "in_position"
    assert intents(step(core, 2))[0].id == "demo:BTCUSDT-3"


def test_a_partial_exit_leaves_the_rest() -> None:
    core, host, _ = entered()
    host.answers = {MANAGE: {"action": "exit_partial", "quantity": 0.5}}
    (part,) = intents(step(core, 1))
    assert (part.kind, part.quantity) == (IntentKind.EXIT, Decimal("0.5"))
    assert core.handle(fill(part), 1) == []
    assert host.position == PositionView(1.0, 100.0, None, None)
    host.answers = {MANAGE: {"action": "exit_partial", "quantity": 7}}
    (rest,) = intents(step(core, 2))
    assert rest.quantity == Decimal("1.0")


def test_stop_and_target_updates() -> None:
    core, host, _ = entered()
    host.answers = {MANAGE: {"action": "update_stop", "price": 98.004}}
    (update,) = step(core, 1)
    assert isinstance(update, StopUpdate)
    assert (update.id, update.stop_price, update.target_price) == ("demo:BTCUSDT-2", Decimal("98.00"), None)
    assert host.position == PositionView(1.5, 100.0, 98.0, None)
    assert step(core, 2) == []
    host.answers = {MANAGE: {"action": "update_target", "price": 110}}
    (update,) = step(core, 3)
    assert isinstance(update, StopUpdate)
    assert (update.id, update.stop_price, update.target_price) == ("demo:BTCUSDT-3", None, Decimal("110.00"))


def test_a_trailing_stop_moves_only_nearer() -> None:
    core, host, _ = entered()
    host.answers = {MANAGE: {"action": "trailing_stop", "distance": 2}}
    moved = [step(core, number, close) for number, close in enumerate((100.0, 105.0, 103.0, 106.0), 1)]
    stops = [message.stop_price for said in moved for message in said if isinstance(message, StopUpdate)]
    assert stops == [Decimal("98.00"), Decimal("103.00"), Decimal("104.00")]
    host.answers = {MANAGE: {"action": "breakeven_stop"}}
    (even,) = step(core, 5)
    assert isinstance(even, StopUpdate)
    assert even.stop_price == Decimal("100.00")


def test_a_stop_of_risk_closes_the_position() -> None:
    core, host, _ = entered()
    (moved,) = core.handle(stop_fill("demo:BTCUSDT", Side.SELL, Decimal("1.5"), "98", 5), 5)
    assert isinstance(moved, RunnerTransitioned)
    assert (moved.after, moved.cause) == (RunnerState.IDLE, "demo:BTCUSDT-stop-1-f1")
    assert host.position is None


def test_a_stop_that_beats_an_exit_leaves_nothing_to_ask_until_the_exit_is_dead() -> None:
    core, host, _ = entered()
    host.answers = {DETECT: BULLISH, MANAGE: {"action": "exit"}}
    (leave,) = intents(step(core, 1))
    core.handle(stop_fill("demo:BTCUSDT", Side.SELL, Decimal("1.5"), "98", 5), 5)
    assert (state_of(core), step(core, 2)) == ("idle", [])
    core.handle(cancelled(leave), 6)
    assert len(intents(step(core, 3))) == 0
    assert state_of(core) == "analyzing"


def test_levels_are_those_that_risk_watches_in_either_order_of_arrival() -> None:
    core, host = scripted_core(stop_loss=0.02)
    host.answers = {DETECT: BULLISH, FILTER: ENTER}
    (intent,) = intents(step(core, 0))
    told = PositionChanged(
        runner="demo:BTCUSDT",
        strategy="demo",
        symbol="BTCUSDT",
        currency="USDT",
        quantity=Decimal("1.5"),
        average_price=Decimal(100),
        realised_pnl=Decimal(0),
        fees=Decimal(0),
        cause=intent.id,
        stop_price=Decimal(99),
        target_price=Decimal(120),
        event_ns=1,
        received_ns=1,
    )
    core.handle(told, 1)
    assert host.position is None
    core.handle(fill(intent), 1)
    assert host.position == PositionView(1.5, 100.0, 99.0, 120.0)


def test_a_limit_entry_rests_and_is_cancelled_after_the_timeout() -> None:
    core, host = scripted_core(analyzing_timeout=3)
    host.answers = {DETECT: BULLISH, FILTER: {**LIMIT, "time_in_force": "gtc"}}
    (intent,) = intents(step(core, 0))
    assert (intent.order_type, intent.limit_price) == (OrderType.LIMIT, Decimal("99.00"))
    assert intent.time_in_force is TimeInForce.GTC
    assert [step(core, number) for number in (1, 2)] == [[], []]
    (cancel,) = cancels(step(core, 3))
    assert (cancel.id, cancel.intent_id, cancel.reason) == ("demo:BTCUSDT-1-cancel", intent.id, "timeout")
    assert step(core, 4) == []
    core.handle(cancelled(intent), 4)
    assert state_of(core) == "idle"


def test_a_limit_entry_that_fills_in_part_is_a_position_whose_rest_is_cancelled_before_the_exit() -> None:
    core, host = scripted_core()
    host.answers = {DETECT: BULLISH, FILTER: LIMIT, MANAGE: {"action": "exit"}}
    (intent,) = intents(step(core, 0))
    core.handle(fill(intent, "0.5", remaining="1.0"), 1)
    said = step(core, 1)
    assert [cancel.intent_id for cancel in cancels(said)] == [intent.id]
    (leave,) = intents(said)
    assert leave.quantity == Decimal("0.5")
    core.handle(fill(leave), 2)
    assert (state_of(core), step(core, 2)) == ("idle", [])
    core.handle(cancelled(intent, "1.0"), 3)
    host.answers = {}
    host.asked.clear()
    step(core, 3)
    assert host.asked == [DETECT]


def test_the_rest_of_an_entry_is_cancelled_when_the_stop_closes_the_position() -> None:
    core, host = scripted_core()
    host.answers = {DETECT: BULLISH, FILTER: LIMIT}
    (intent,) = intents(step(core, 0))
    core.handle(fill(intent, "0.5", remaining="1.0"), 1)
    said = core.handle(stop_fill("demo:BTCUSDT", Side.SELL, Decimal("0.5"), "98", 5), 5)
    assert [cancel.reason for cancel in cancels(said)] == ["position closed"]
    assert step(core, 1) == []


def test_a_fill_after_the_entry_was_given_up_is_a_position_all_the_same() -> None:
    core, host = scripted_core()
    host.answers = {DETECT: BULLISH, FILTER: ENTER}
    (intent,) = intents(step(core, 0))
    core.handle(cancelled(intent), 1)
    assert state_of(core) == "idle"
    core.handle(fill(intent), 2)
    assert state_of(core) == "in_position"


def test_a_fill_that_is_delivered_again_counts_once() -> None:
    core, host, intent = entered()
    core.handle(fill(intent), 3)
    assert host.position == PositionView(1.5, 100.0, None, None)


def test_adding_fills_average_the_entry_price() -> None:
    core, host = scripted_core()
    host.answers = {DETECT: BULLISH, FILTER: ENTER}
    (intent,) = intents(step(core, 0))
    core.handle(fill(intent, "0.5", "100", remaining="1.0", number=1), 1)
    core.handle(fill(intent, "1.0", "103", number=2), 1)
    assert host.position == PositionView(1.5, 102.0, None, None)


def test_errors_pause_a_runner_after_so_many_in_a_row() -> None:
    core, host = scripted_core(SignalLimits(max_errors=3))
    host.answers = {DETECT: Outcome(error=StrategyError(ErrorKind.RUNTIME, "x.lua:3: boo"))}
    failures = [message for number in range(5) for message in step(core, number)]
    assert all(isinstance(message, RunnerFailed) for message in failures)
    found = [(m.error, m.error_count, m.paused) for m in failures if isinstance(m, RunnerFailed)]
    assert found == [("x.lua:3: boo", 1, False), ("x.lua:3: boo", 2, False), ("x.lua:3: boo", 3, True)]
    assert len(host.asked) == 3


def test_an_update_without_an_error_starts_the_count_anew() -> None:
    core, host = scripted_core(SignalLimits(max_errors=2))
    failing = Outcome(error=StrategyError(ErrorKind.RUNTIME, "boo"))
    for number, answer in enumerate([failing, None, failing, None]):
        host.answers = {DETECT: answer}
        step(core, number)
    assert core.status()["runners"][0]["paused"] is False


def test_a_filter_that_always_fails_pauses_the_runner_though_detect_succeeds() -> None:
    core, host = scripted_core(SignalLimits(max_errors=4), analyzing_timeout=1)
    host.answers = {DETECT: BULLISH, FILTER: Outcome(error=StrategyError(ErrorKind.RUNTIME, "boo"))}
    for number in range(8):
        step(core, number)
    assert core.status()["runners"][0]["paused"] is True


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"action": "enter_lng"}, "strategies/demo.lua:9: filter_commitment: action: expected one of enter_long"),
        ({"action": "enter_long", "quantity": 0.0001}, "quantity: 0.0001 is nothing on a lot of 0.001"),
        ({"action": "enter_long", "quantity": 1, "price": 0.001}, "price: 0.001 is nothing on a tick of 0.01"),
        ({**ENTER, "stop_price": 101}, "stop_price: expected below 100, found 101"),
        ({**ENTER, "target_price": 99}, "target_price: expected above 100, found 99"),
        (Outcome(answer=[1]), "expected a table with named keys"),  # type: ignore[arg-type]  # what a list answer decodes to
    ],
)
def test_answers_that_cannot_be_used_are_errors_with_file_and_line(answer: Any, text: str) -> None:
    core, host = scripted_core(lines={"filter_commitment": 9})
    host.answers = {DETECT: BULLISH, FILTER: answer}
    said = step(core, 0)
    failed = [message for message in said if isinstance(message, RunnerFailed)]
    assert len(failed) == 1
    assert text in failed[0].error
    assert intents(said) == []


def test_warm_up_bars_ask_nothing() -> None:
    core, host = scripted_core(warmup=3)
    for number in range(4):
        step(core, number)
    assert host.asked == [DETECT, DETECT]


def test_nothing_is_entered_while_the_market_is_not_live_but_positions_are_managed() -> None:
    core, host = scripted_core(analyzing_timeout=2)
    host.answers = {DETECT: BULLISH, FILTER: ENTER}
    status = MarketStatus(symbol="BTCUSDT", state=MarketState.STALE, reason="silence", event_ns=0, received_ns=0)
    core.handle(status, 0)
    assert (step(core, 0), host.asked) == ([], [])
    again = MarketStatus(symbol="BTCUSDT", state=MarketState.LIVE, reason="", event_ns=0, received_ns=0)
    core.handle(again, 0)
    (intent,) = intents(step(core, 1))
    core.handle(fill(intent), 1)
    core.handle(status, 1)
    host.asked.clear()
    step(core, 2)
    assert host.asked == [MANAGE]


def test_ticks_are_asked_in_the_states_that_want_them_and_no_faster_than_wanted() -> None:
    core, host, _ = entered(evaluate_on={RunnerState.IN_POSITION: Update.TICK}, tick_interval_ns=500)
    host.asked.clear()
    step(core, 1)
    assert host.asked == []
    for at_ns in (1_000, 1_400, 1_500, 2_100):
        core.handle(quote(at_ns), at_ns)
    assert host.asked == [MANAGE, MANAGE, MANAGE]


def test_the_account_is_told_before_the_next_question() -> None:
    core, host = scripted_core()
    changed = AccountChanged(
        currency="USDT",
        cash=Decimal("99.5"),
        realised_pnl=Decimal(1),
        fees=Decimal("0.5"),
        open_positions=2,
        cause="x",
        event_ns=0,
        received_ns=0,
    )
    core.handle(changed, 0)
    step(core, 0)
    assert host.account == (99.5, 1.0, 0.5, 2)
