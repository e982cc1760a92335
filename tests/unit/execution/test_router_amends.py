"""Amends through the router: answered, refused, lost and looked up, or proven by what fills; and what the wire carries."""

from typing import Any

import msgspec

from common.messages import (
    AmendRejected,
    ApprovedAmend,
    Fill,
    OrderAmended,
    OrderTerms,
    OrderType,
    TriggerBy,
    VenueRejectReason,
)
from services.execution.core.asking import OrderView
from services.execution.core.life_cycle import OrderState
from tests.unit.execution.builders import approved_cancel, approved_order
from tests.unit.execution.router_builders import Stage, fill, view
from tests.unit.risk_manager.builders import RUNNER, D

LIMIT = approved_order(1, "2", limit_price=D(100))
ID = LIMIT.id


def amending(quantity: str = "3", price: str = "99") -> Stage:
    """Return a stage on which a change of a resting order is on the wire."""
    stage = Stage()
    stage.give(LIMIT)
    stage.answer("submit", 200, view(ID, quantity="2"))
    stage.push(fill(ID, 1, "0.5"))
    stage.give(
        ApprovedAmend(
            id=f"{RUNNER}-2",
            order_id=ID,
            symbol="BTCUSDT",
            cause=f"{RUNNER}-2",
            quantity=D(quantity),
            limit_price=D(price),
            event_ns=stage.now_ns,
            received_ns=stage.now_ns,
        )
    )
    stage.said.clear()
    return stage


def shown(quantity: str, price: str, filled: str = "0.5") -> OrderView:
    return msgspec.structs.replace(view(ID, "open", filled, quantity), limit_price=D(price))


def state(stage: Stage) -> OrderState | None:
    return stage.core.state_of(ID)


def test_an_amend_names_the_quantity_in_all_and_is_told_when_it_is_done() -> None:
    stage = amending()
    assert state(stage) is OrderState.PENDING_AMEND_PARTIALLY_FILLED
    request = stage.answer("amend", 200, shown("3", "99"))
    body: dict[str, Any] = msgspec.json.decode(request.body)
    assert (body["quantity"], body["limit_price"]) == ("3.0", "99")
    assert body["valid_until_ns"] > stage.now_ns
    (told,) = stage.said
    assert isinstance(told, OrderAmended)
    assert (told.quantity, told.remaining_quantity, told.limit_price) == (D(3), D("2.5"), D(99))
    assert told.cause == f"{RUNNER}-2"
    assert state(stage) is OrderState.PARTIALLY_FILLED


def test_a_refused_amend_leaves_the_order() -> None:
    stage = amending()
    stage.answer("amend", 400, {"reason": "invalid_price", "detail": "why"})
    (told,) = stage.said
    assert isinstance(told, AmendRejected)
    assert (told.reason, told.cause) == (VenueRejectReason.INVALID_PRICE, f"{RUNNER}-2")
    assert state(stage) is OrderState.PARTIALLY_FILLED


def test_a_lost_amend_is_never_sent_again_and_judged_once_nobody_can_do_it() -> None:
    for quantity, price, word in (
        ("3", "99", "OrderAmended"),
        ("2", "100", "AmendRejected"),
        ("3", "100", "AmendRejected"),
    ):
        stage = amending()
        stage.asked("amend")
        stage.wait(1_200)
        stage.answer("order", 200, shown(quantity, price))
        assert stage.words == [word]
        assert "amend" not in stage.methods
        assert state(stage) is OrderState.PARTIALLY_FILLED


def test_what_fills_beyond_the_old_quantity_proves_it() -> None:
    stage = amending()
    stage.push(fill(ID, 2, "1"))
    stage.push(fill(ID, 3, "0.7"))
    assert stage.words == ["Fill", "OrderAmended", "Fill"]
    stage.answer("amend", 200, shown("3", "99", "2.2"))
    stage.push(fill(ID, 4, "0.8"))
    last = stage.said[-1]
    assert isinstance(last, Fill)
    assert (last.remaining_quantity, state(stage)) == (D(0), OrderState.FILLED)


def test_a_cancel_overtakes_an_amend() -> None:
    stage = amending()
    stage.give(approved_cancel(LIMIT))
    stage.answer("cancel", 200, view(ID, "cancelled", "0.5", "2"))
    stage.answer("amend", 404)
    assert stage.words == ["OrderCancelled"]
    assert stage.core.status()["impossible_events"] == 0


def test_terms_travel() -> None:
    stage = Stage()
    terms = OrderTerms(trigger_price=D(99), trigger_by=TriggerBy.MID)
    stage.give(approved_order(1, order_type=OrderType.STOP, terms=terms))
    request = stage.answer("submit", 200, view(ID))
    body: dict[str, Any] = msgspec.json.decode(request.body)
    assert body["terms"] == {"trigger_price": "99", "trigger_by": "mid"}
    assert stage.core.state_of(ID) is OrderState.ARMED
    stage.push(fill(ID, 1))
    assert stage.core.state_of(ID) is OrderState.FILLED
