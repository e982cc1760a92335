"""A strategy asks for two orders of which one cancels the other, and sees both while they rest."""

from decimal import Decimal
from typing import Any

import pytest

from common.messages import IntentKind, OrderIntent, OrderType, RunnerState, Side
from services.signal.core.host import Function, OrderView
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import StrategySpec
from tests.unit.signal.support import (
    ScriptedHost,
    answer_of,
    ask,
    bar,
    cancelled,
    cancels,
    detecting,
    fill,
    intents,
    lua_core,
    lua_host,
    refused,
    runner_spec,
    scripted_core,
)

DETECT, FILTER, MANAGE = Function.DETECT, Function.FILTER, Function.MANAGE
UP = {"action": "enter_long", "order_type": "stop", "trigger_price": 105.0, "quantity": 2.0, "stop_price": 102.0}
DOWN = {"action": "enter_short", "type": "stop", "trigger_price": 95.0, "quantity": 1.0}
STRADDLE = {"action": "oco", "orders": [UP, DOWN], "manage": True, "reason": "breakout"}
OUT = {
    "action": "oco",
    "orders": [
        {"action": "exit", "order_type": "limit", "price": 110.0},
        {"action": "exit", "order_type": "stop", "trigger_price": 95.0},
    ],
}
LUA = """
strategy = { analyzing_timeout = 100 }
function detect_opportunity(m, c, i) return { signal = "any" } end
function filter_commitment(m, c, i)
  if c.orders then
    print(#c.orders, c.orders[1].side, c.orders[2].side, c.orders[2].leg, c.order.leg)
    return nil
  end
  return { action = "oco", manage = true, orders = {
    { action = "enter_long", order_type = "stop", trigger_price = 105, quantity = 1 },
    { action = "enter_short", order_type = "stop", trigger_price = 95, quantity = 1 },
  } }
end
function manage_position(m, c, i) print(c.orders == nil) end
"""


def step(core: SignalCore, number: int) -> list[Any]:
    each = bar(number, 100.0)
    return list(core.handle(each, each.end_ns))


def asked(**changes: Any) -> tuple[SignalCore, ScriptedHost, OrderIntent, OrderIntent]:
    """Return a core whose pair was sent on bar 0 and has been seen on bar 1."""
    core, host = scripted_core(analyzing_timeout=20)
    host.answers = {DETECT: {"signal": "any"}, FILTER: {**STRADDLE, **changes}}
    up, down = intents(step(core, 0))
    host.answers = {}
    step(core, 1)
    return core, host, up, down


def state(core: SignalCore) -> RunnerState:
    return next(iter(core.roster.runners.values())).machine.state


def holding() -> tuple[SignalCore, ScriptedHost]:
    core, host, up, down = asked()
    for message in (fill(up, "2", "105"), cancelled(down)):
        core.handle(message, 2)
    return core, host


def test_two_intents_of_one_group_leave_together() -> None:
    _, _, up, down = asked()
    assert (up.kind, up.side, up.order_type, up.reason) == (IntentKind.ENTRY, Side.BUY, OrderType.STOP, "breakout")
    assert (down.side, down.order_type, up.stop_price) == (Side.SELL, OrderType.STOP, Decimal(102))
    assert up.terms
    assert down.terms
    assert (up.terms.oco, up.terms.legs) == (down.terms.oco, down.terms.legs) == (up.id, 2)
    assert down.id == up.id[:-1] + "2"


def test_both_are_shown_in_their_order() -> None:
    _, host, _, _ = asked()
    first = OrderView("entry", "buy", "stop", 2.0, 0.0, None, 105.0, 1, cancelling=False, leg=1)
    assert host.order == first
    assert host.other == OrderView("entry", "sell", "stop", 1.0, 0.0, None, 95.0, 1, cancelling=False, leg=2)


@pytest.mark.parametrize("leg", [0, 1])
def test_a_fill_of_either_opens_the_position_and_the_other_is_waited_for(leg: int) -> None:
    core, host, *pair = asked()
    core.handle(fill(pair[leg], "0.5", "100", remaining="1"), 2)
    assert state(core) is RunnerState.IN_POSITION
    count = len(host.asked)
    step(core, 2)
    assert len(host.asked) == count
    assert not cancels(core.handle(cancelled(pair[1 - leg]), 3))
    step(core, 3)
    assert host.asked[-1] is MANAGE
    assert host.order is not None
    assert (host.order.leg, host.order.filled, host.other) == (leg + 1, 0.5, None)


def test_both_may_fill_before_the_cancel_comes() -> None:
    core, host, up, down = asked()
    core.handle(fill(up, "2", "105"), 2)
    core.handle(fill(down, "1", "95"), 3)
    step(core, 3)
    assert host.asked[-1] is MANAGE
    assert host.position is not None
    assert (host.position.quantity, host.order) == (1.0, None)


def test_parts_of_both_are_followed_to_their_ends() -> None:
    core, host, up, down = asked()
    core.handle(fill(up, "1", "105", remaining="1"), 2)
    core.handle(fill(down, "0.5", "95", remaining="0.5"), 2)
    core.handle(cancelled(down, "0.5"), 3)
    core.handle(fill(up, "1", "105", number=2), 4)
    step(core, 4)
    assert host.position is not None
    assert (host.position.quantity, host.order) == (1.5, None)
    assert next(iter(core.roster.runners.values())).desk.unmatched == 0


def test_a_refusal_of_both_leads_back_to_idle() -> None:
    core, _, up, down = asked()
    core.handle(refused(up), 2)
    assert state(core) is RunnerState.ANALYZING
    core.handle(refused(down), 2)
    assert state(core) is RunnerState.IDLE


def test_a_cancel_takes_both_back_with_one_message() -> None:
    core, host, up, down = asked()
    host.answers = {FILTER: {"action": "cancel"}}
    (sent,) = cancels(step(core, 2))
    assert sent.intent_id == up.id
    assert host.asked[-1] is FILTER
    assert not cancels(step(core, 3))
    core.handle(cancelled(down), 4)
    core.handle(cancelled(up), 4)
    assert state(core) is RunnerState.IDLE


def test_a_pair_that_rests_too_long_is_cancelled_once() -> None:
    core, host = scripted_core(analyzing_timeout=3)
    host.answers = {DETECT: {"signal": "any"}, FILTER: {**STRADDLE, "manage": False}}
    step(core, 0)
    host.answers = {}
    sent = [each for number in range(1, 8) for each in cancels(step(core, number))]
    assert len(sent) == 1


def test_an_amend_names_which() -> None:
    core, host, _, down = asked()
    host.answers = {FILTER: {"action": "amend", "trigger_price": 96.0}}
    step(core, 2)
    assert "leg: expected 1 or 2" in next(iter(core.roster.runners.values())).asker.last_error
    host.answers = {FILTER: {"action": "amend", "leg": 2, "trigger_price": 96.0}}
    (change,) = (each for each in step(core, 3) if type(each).__name__ == "AmendIntent")
    assert change.intent_id == down.id
    host.answers = {}
    step(core, 4)
    assert host.order is not None
    assert host.other is not None
    assert (host.order.amending, host.other.amending) == (False, True)


def test_a_way_out_is_a_pair_of_exits() -> None:
    core, host = holding()
    host.answers = {MANAGE: OUT}
    target, stop = intents(step(core, 3))
    assert (target.kind, target.limit_price, stop.order_type) == (IntentKind.EXIT, Decimal(110), OrderType.STOP)
    assert target.quantity == stop.quantity == 2
    host.answers = {}
    core.handle(fill(stop, "2", "95"), 4)
    core.handle(cancelled(target), 4)
    step(core, 5)
    assert state(core) is RunnerState.IDLE
    assert host.asked[-1] is DETECT


def test_an_exit_takes_the_pair_back_and_then_closes_at_market() -> None:
    core, host = holding()
    host.answers = {MANAGE: OUT}
    target, stop = intents(step(core, 3))
    host.answers = {MANAGE: {"action": "exit", "reason": "enough"}}
    (sent,) = cancels(step(core, 4))
    assert sent.intent_id == target.id
    assert not intents(core.handle(cancelled(target), 5))
    (closing,) = intents(core.handle(cancelled(stop), 5))
    assert (closing.order_type, closing.quantity, closing.reason) == (OrderType.MARKET, Decimal(2), "enough")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"orders": None}, "orders: expected a list of two orders, found nothing"),
        ({"orders": [UP]}, "orders: expected a list of two orders"),
        ({"orders": [UP, DOWN, DOWN]}, "orders: expected a list of two orders"),
        ({"orders": [UP, {"action": "exit"}]}, "orders[2].action: expected enter_long or enter_short, found 'exit'"),
        ({"orders": [UP, 5]}, "orders[2].action: expected enter_long or enter_short"),
        ({"orders": [{"action": "enter_long"}, DOWN]}, "orders[1].order_type: expected an order that rests"),
        ({"orders": [UP, {**DOWN, "trigger_price": None}]}, "orders[2].trigger_price: expected a price for stop"),
        (
            {
                "orders": [
                    {**UP, "order_type": "limit", "price": 99.0, "trigger_price": None, "time_in_force": "ioc"},
                    DOWN,
                ]
            },
            "orders[1].order_type: expected an order that rests, found limit ioc",
        ),
        ({"orders": [UP, {**DOWN, "stop_price": 90.0}]}, "orders[2].stop_price: expected above 95"),
    ],
)
def test_mistakes_name_the_order(answer: dict[str, Any], text: str) -> None:
    core, host = scripted_core()
    host.answers = {DETECT: {"signal": "any"}, FILTER: {**STRADDLE, **answer}}
    assert not intents(step(core, 0))
    assert text in next(iter(core.roster.runners.values())).asker.last_error


def test_lua_sees_two_orders_and_a_restored_runner_sees_the_same() -> None:
    spec = runner_spec(StrategySpec(name="demo", script="demo.lua", source=LUA.encode(), analyzing_timeout=100))
    core, other = lua_core(spec), lua_core(spec)
    up, down = intents(step(core, 0))
    step(core, 1)
    other.restore(core.snapshot())
    assert other.snapshot() == core.snapshot()
    for each in (core, other):
        step(each, 2)
        lines = next(iter(each.roster.runners.values())).asker.lines
        assert lines[-1].replace("\t", " ") == "2 buy sell 2 1"
        each.handle(fill(up, "1", "105"), 3)
        each.handle(cancelled(down), 3)
        step(each, 3)
        assert lines[-1] == "true"
    assert other.snapshot() == core.snapshot()


def test_the_orders_are_the_hosts() -> None:
    assert answer_of("return { none = context.orders == nil }") == {"none": True}
    for body in ("context.orders = { }", "return { orders = 1 }"):
        assert ask(lua_host(detecting(f"{body}\n"))).error is not None, body
