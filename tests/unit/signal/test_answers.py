"""What strategies return: every action, every key, every mistake with its name."""

from typing import Any

import pytest

from common.messages import OrderType, Side, TimeInForce, TriggerBy
from services.signal.core.answers import (
    REASON_LIMIT,
    AnswerError,
    BreakEven,
    CancelAnalysis,
    ChangeOrder,
    Enter,
    Exit,
    Hint,
    Hold,
    MoveLevels,
    TakeBack,
    TrailStop,
    decide,
)
from services.signal.core.asking_orders import Guarding
from services.signal.core.host import Function

FILTER, MANAGE = Function.FILTER, Function.MANAGE


def entered(**answer: Any) -> Enter:
    """Return the decision of an entry."""
    decision = decide(FILTER, {"action": "enter_long", "quantity": 1, **answer})
    assert isinstance(decision, Enter)
    return decision


def test_entries() -> None:
    decision = entered(price=100, quantity=2)
    assert (decision.side, decision.price, decision.quantity) == (Side.BUY, 100.0, 2.0)
    assert decision.asked is None
    short = decide(FILTER, {"action": "enter_short", "quantity": 0.5})
    assert isinstance(short, Enter)
    assert (short.side, short.price) == (Side.SELL, None)


def test_an_entry_without_a_quantity_is_left_to_risk() -> None:
    left = decide(FILTER, {"action": "enter_long", "risk": 0.01, "atr": 12})
    assert isinstance(left, Enter)
    assert (left.quantity, left.hint) == (None, Hint(0.01, 12.0))
    assert entered(risk=7, atr="not looked at where there is a quantity").hint is None


@pytest.mark.parametrize("key", ["order_type", "type"])
def test_limit_entries(key: str) -> None:
    asked = entered(price=99.5, time_in_force="ioc", **{key: "limit"}).asked
    assert asked is not None
    assert (asked.order_type, asked.time_in_force, asked.price) == (OrderType.LIMIT, TimeInForce.IOC, 99.5)


def test_entries_with_a_trigger() -> None:
    decision = entered(order_type="stop_limit", trigger_price=101, limit_price=102, expires_in=60, trigger_by="mid")
    asked = decision.asked
    assert asked is not None
    assert (decision.price, asked.trigger, asked.time_in_force) == (102.0, 101.0, TimeInForce.GTD)
    assert (asked.trigger_by, asked.expires_in, asked.manage) == (TriggerBy.MID, 60.0, False)
    trailing = entered(order_type="trailing_stop", trail_percent=2, manage=True).asked
    assert trailing is not None
    assert (trailing.trail_share, trailing.manage, trailing.has_terms) == (0.02, True, True)


def test_what_risk_shall_guard() -> None:
    assert entered(trailing_atr=3, atr=12, breakeven_at=104).guarding == Guarding(36.0, None, 104.0)
    assert entered(trailing_percent=1.5).guarding == Guarding(None, 0.015, None)


def test_an_exit_may_rest() -> None:
    decision = decide(MANAGE, {"action": "exit", "order_type": "limit", "price": 110, "post_only": True})
    assert isinstance(decision, Exit)
    assert decision.asked is not None
    assert (decision.asked.price, decision.asked.post_only, decision.asked.manage) == (110.0, True, True)


def test_levels_and_reason_of_an_entry() -> None:
    decision = entered(stop_price=95, target_price=110, stop_loss=0.02, take_profit=0.05, reason="x" * 1_000)
    assert (decision.stop, decision.target) == (95.0, 110.0)
    assert (decision.stop_fraction, decision.target_fraction) == (0.02, 0.05)
    assert len(decision.reason) == REASON_LIMIT


@pytest.mark.parametrize(
    ("function", "answer", "decision"),
    [
        (FILTER, {"action": "cancel_analysis", "reason": "no"}, CancelAnalysis("no")),
        (FILTER, {"action": "cancel_analysis"}, CancelAnalysis("")),
        (FILTER, {"action": "hold"}, Hold()),
        (MANAGE, {"action": "hold"}, Hold()),
        (MANAGE, {"action": "exit", "price": 101, "reason": "done"}, Exit(None, 101.0, "done")),
        (MANAGE, {"action": "exit"}, Exit(None, None, "")),
        (MANAGE, {"action": "exit_partial", "quantity": 0.5}, Exit(0.5, None, "")),
        (MANAGE, {"action": "update_stop", "price": 98}, MoveLevels(stop=98.0)),
        (MANAGE, {"action": "update_stop", "price": 98, "allow_widen": True}, MoveLevels(stop=98.0, allow_widen=True)),
        (MANAGE, {"action": "update_target", "price": 98}, MoveLevels(target=98.0)),
        (MANAGE, {"action": "trailing_stop", "distance": 2}, TrailStop(2.0, None)),
        (MANAGE, {"action": "trailing_stop", "fraction": 0.01}, TrailStop(None, 0.01)),
        (MANAGE, {"action": "breakeven_stop"}, BreakEven()),
        (MANAGE, {"action": "amend", "limit_price": 99, "quantity": 2}, ChangeOrder(2.0, 99.0, None, "")),
        (FILTER, {"action": "amend", "trigger_price": 99, "reason": "up"}, ChangeOrder(None, None, 99.0, "up")),
        (FILTER, {"action": "cancel", "reason": "late"}, TakeBack("late")),
    ],
)
def test_decisions(function: Function, answer: dict[str, Any], decision: object) -> None:
    assert decide(function, answer) == decision


@pytest.mark.parametrize(
    ("function", "answer", "text"),
    [
        (FILTER, {}, "cancel_analysis, amend, cancel, hold, found nothing"),
        (FILTER, {"action": "exit"}, "action: expected one of enter_long"),
        (FILTER, {"action": "enter_lng"}, "found 'enter_lng'"),
        (FILTER, {"action": 3}, "action: expected one of enter_long"),
        (
            MANAGE,
            {"action": "enter_long", "quantity": 1},
            "action: expected one of exit, exit_partial, oco, update_stop",
        ),
        (FILTER, {"action": "enter_long", "size": 1}, "quantity: expected a positive number or nothing, found size in"),
        (FILTER, {"action": "enter_long", "risk": 1}, "risk: expected a fraction below 1, found 1"),
        (FILTER, {"action": "enter_long", "atr": 0}, "atr: expected a positive number, found 0"),
        (FILTER, {"action": "enter_long", "quantity": 0}, "quantity: expected a positive number, found 0"),
        (FILTER, {"action": "enter_long", "quantity": -1.5}, "quantity: expected a positive number, found -1.5"),
        (FILTER, {"action": "enter_long", "quantity": "1"}, "quantity: expected a positive number, found '1'"),
        (FILTER, {"action": "enter_long", "quantity": True}, "quantity: expected a positive number, found True"),
        (FILTER, {"action": "enter_long", "quantity": float("nan")}, "quantity: expected a positive number, found nan"),
        (FILTER, {"action": "enter_long", "quantity": float("inf")}, "quantity: expected a positive number, found inf"),
        (FILTER, {"action": "enter_long", "quantity": 1, "price": 0}, "price: expected a positive number, found 0"),
        (
            FILTER,
            {"action": "enter_long", "quantity": 1, "order_type": "stp"},
            "order_type: expected market or limit or stop",
        ),
        (FILTER, {"action": "enter_long", "quantity": 1, "post_only": 1}, "post_only: expected true or false, found 1"),
        (FILTER, {"action": "enter_long", "quantity": 1, "reduce_only": True}, "reduce_only: expected false: an entry"),
        (MANAGE, {"action": "exit", "reduce_only": False}, "reduce_only: expected true: an exit only ever reduces"),
        (MANAGE, {"action": "amend"}, "amend: expected a quantity, a price or a trigger_price, found none"),
        (FILTER, {"action": "enter_long", "trailing_atr": 2}, "atr: expected the average true range"),
        (FILTER, {"action": "enter_long", "trailing_atr": 2, "trailing_stop": 1}, "trailing_stop: expected one of"),
        (FILTER, {"action": "enter_long", "trailing_percent": 100}, "trailing_percent: expected less than 100"),
        (FILTER, {"action": "enter_long", "quantity": 1, "order_type": 1}, "order_type: expected a string, found 1"),
        (FILTER, {"action": "enter_long", "quantity": 1, "type": "limit"}, "price: expected a price for a limit order"),
        (FILTER, {"action": "enter_long", "quantity": 1, "time_in_force": "day"}, "time_in_force: expected gtc or ioc"),
        (FILTER, {"action": "enter_long", "quantity": 1, "stop_loss": 98}, "stop_loss: expected a fraction below 1, "),
        (FILTER, {"action": "enter_long", "quantity": 1, "reason": 5}, "reason: expected a string, found 5"),
        (MANAGE, {"action": "exit_partial"}, "quantity: expected a positive number, found nothing"),
        (MANAGE, {"action": "update_stop"}, "price: expected a positive number, found nothing"),
        (MANAGE, {"action": "trailing_stop"}, "trailing_stop: expected either distance"),
        (
            MANAGE,
            {"action": "trailing_stop", "distance": 1, "fraction": 0.1},
            "trailing_stop: expected either distance",
        ),
    ],
)
def test_mistakes_are_named(function: Function, answer: dict[str, Any], text: str) -> None:
    with pytest.raises(AnswerError) as caught:
        decide(function, answer)
    assert text in str(caught.value)
