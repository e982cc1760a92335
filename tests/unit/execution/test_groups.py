"""Groups of orders: one that fills or ends takes the others back, once, whatever the venue knows of groups."""

from collections.abc import Sequence
from typing import Any

import pytest

from common.messages import (
    AnyMessage,
    ApprovedOrder,
    CancelReason,
    Fill,
    IntentKind,
    OperatorCommand,
    OrderCancelled,
    OrderRejected,
    OrderTerms,
    OrderType,
    Side,
    TimeInForce,
    VenueRejectReason,
)
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.life_cycle import OrderState
from tests.unit.execution.builders import approved_cancel, approved_order, execution_core
from tests.unit.execution.router_builders import Stage, fill, view
from tests.unit.risk_manager.builders import RUNNER, T0, D, quote


def leg(number: int, trigger: str = "", limit: str = "", *, group: str = "g", **changes: Any) -> ApprovedOrder:
    side = changes.pop("side", Side.BUY if number % 2 else Side.SELL)
    terms = {"oco": group, "legs": 2, **changes.pop("terms", {})}
    if trigger:
        stop = OrderTerms(trigger_price=D(trigger), **terms)
        return approved_order(number, "2", side=side, order_type=OrderType.STOP, terms=stop, **changes)
    return approved_order(number, "2", side=side, limit_price=D(limit), terms=OrderTerms(**terms), **changes)


UP, DOWN = leg(1, "105"), leg(2, "95")


def paper() -> ExecutionCore:
    """Return a core with a straddle around 100 at the simulated venue."""
    core = execution_core(slippage_bps=0)
    for message in (quote(100.0, 100.02), UP, DOWN):
        core.handle(message, T0)
    return core


def ends(messages: Sequence[AnyMessage]) -> list[tuple[str, object]]:
    return [(each.order_id, each.reason) for each in messages if isinstance(each, OrderCancelled)]


def test_a_fill_names_itself_as_what_ended_the_other() -> None:
    told = paper().handle(quote(105.0, 105.02), T0)
    (done,) = [each for each in told if isinstance(each, Fill)]
    (ended,) = [each for each in told if isinstance(each, OrderCancelled)]
    assert (done.order_id, ended.order_id, ended.reason, ended.cause) == (UP.id, DOWN.id, CancelReason.OCO, done.id)


@pytest.mark.parametrize("number", [0, 1])
def test_a_cancel_of_one_is_a_cancel_of_both(number: int) -> None:
    core, order = paper(), (UP, DOWN)[number]
    assert {order_id for order_id, _ in ends(core.handle(approved_cancel(order), T0))} == {UP.id, DOWN.id}
    assert core.status()["impossible_events"] == 0


def test_the_end_of_one_by_time_is_the_end_of_both() -> None:
    core = execution_core()
    timed = leg(1, limit="90", terms={"expires_ns": T0 + 5}, time_in_force=TimeInForce.GTD)
    for message in (quote(100.0, 100.02), timed, DOWN):
        core.handle(message, T0)
    assert ends(core.on_deadline(T0 + 5)) == [(UP.id, CancelReason.EXPIRED), (DOWN.id, CancelReason.OCO)]


def test_what_comes_after_the_end_of_its_group_is_not_sent() -> None:
    core = execution_core(slippage_bps=0)
    core.handle(quote(100.0, 100.02), T0)
    assert any(isinstance(each, Fill) for each in core.handle(leg(1, "99"), T0))
    (rejected,) = core.handle(DOWN, T0)
    assert isinstance(rejected, OrderRejected)
    assert rejected.reason is VenueRejectReason.OCO
    assert not isinstance(core.handle(leg(3, "105", group="h"), T0)[0], OrderRejected)


def test_an_exit_that_comes_too_late_leaves_nothing_behind() -> None:
    core = execution_core(slippage_bps=0)
    core.handle(quote(100.0, 100.02), T0)
    core.handle(approved_order(0, "5"), T0)
    out: dict[str, Any] = {"side": Side.SELL, "kind": IntentKind.EXIT, "reduce_only": True}
    assert any(isinstance(each, Fill) for each in core.handle(leg(1, "101", **out), T0))
    (rejected,) = core.handle(leg(2, limit="110", **out), T0)
    assert isinstance(rejected, OrderRejected)
    assert rejected.reason is VenueRejectReason.OCO
    assert not core._desk.state.book.reducing
    assert not core._desk.state.book.open


def test_a_rejection_of_one_is_the_end_of_both() -> None:
    core = execution_core()
    core.handle(quote(100.0, 100.02), T0)
    core.handle(UP, T0)
    exit_order = leg(2, "95", kind=IntentKind.EXIT, reduce_only=True)  # there is nothing to reduce
    told = core.handle(exit_order, T0)
    assert [type(each) for each in told] == [OrderRejected, OrderCancelled]
    assert ends(told) == [(UP.id, CancelReason.OCO)]


def test_a_kill_ends_both_once() -> None:
    core = paper()
    kill = OperatorCommand(id="k", service="execution", name="kill", arguments={}, event_ns=T0, received_ns=T0)
    assert sorted(order_id for order_id, _ in ends(core.handle(kill, T0))) == [UP.id, DOWN.id]
    assert core.status()["impossible_events"] == 0


def test_a_restart_keeps_groups() -> None:
    core, other = paper(), execution_core(slippage_bps=0)
    other.restore(core.snapshot())
    assert other.snapshot() == core.snapshot()
    told = [each.handle(quote(95.0, 95.02), T0) for each in (core, other)]
    assert told[0] == told[1]
    assert other.snapshot() == core.snapshot()


def gateway(*orders: ApprovedOrder) -> Stage:
    """Return a stage with a pair that rests at a venue that knows no groups."""
    stage = Stage()
    for order in orders or (UP, DOWN):
        stage.give(order)
        stage.answer("submit", 200, view(order.id, quantity="2"))
    stage.said.clear()
    return stage


def restarted(stage: Stage) -> None:
    other = Stage(synced=False)
    other.core.restore(stage.core.snapshot())
    stage.core = other.core


def test_the_wire_knows_no_groups() -> None:
    stage = Stage()
    stage.give(UP)
    assert b"oco" not in stage.asked("submit").body


@pytest.mark.parametrize("quantity", ["2", "0.5"])
def test_a_fill_at_the_gateway_cancels_the_other_once(quantity: str) -> None:
    stage = gateway()
    stage.push(fill(UP.id, 1, quantity))
    assert stage.methods == ["cancel"]
    stage.push(fill(UP.id, 1, quantity))
    assert stage.methods == ["cancel"]
    stage.answer("cancel", 200, view(DOWN.id, "cancelled", quantity="2"))
    assert stage.words == ["Fill", "OrderCancelled"]
    assert stage.core.state_of(DOWN.id) is OrderState.CANCELLED
    assert stage.core.status()["impossible_events"] == 0


def test_a_cancel_that_nobody_answered_is_asked_again_after_a_crash() -> None:
    stage = gateway()
    stage.push(fill(UP.id, 1, "2"))
    restarted(stage)
    stage.requests.clear()
    stage.up()
    stage.sync({"BTCUSDT": "2"}, [view(DOWN.id, quantity="2")])
    stage.wait(300)
    stage.answer("order", 200, view(DOWN.id, quantity="2"))
    stage.answer("cancel", 200, view(DOWN.id, "cancelled", quantity="2"))
    assert stage.core.state_of(DOWN.id) is OrderState.CANCELLED


def test_a_fill_learned_after_a_crash_cancels_the_other() -> None:
    stage = gateway()
    restarted(stage)
    stage.requests.clear()
    stage.up()
    stage.sync({"BTCUSDT": "2"}, [view(DOWN.id, quantity="2")], [fill(UP.id, 1, "2")])
    assert stage.asked("cancel").body.count(DOWN.id.encode()) == 1


def test_one_that_is_not_sent_yet_never_is() -> None:
    stage = gateway(UP)
    stage.give(DOWN)
    stage.answer("submit", 429, {"retry_after_ms": 60_000})
    stage.push(fill(UP.id, 1, "2"))
    stage.wait(120_000)
    assert "submit" not in stage.methods
    assert stage.core.state_of(DOWN.id) is OrderState.REJECTED


def test_one_whose_outcome_is_unknown_is_cancelled_once_it_shows() -> None:
    stage = Stage()
    stage.give(UP)
    stage.answer("submit", 200, view(UP.id, quantity="2"))
    stage.give(DOWN)
    stage.push(fill(UP.id, 1, "2"))
    assert "cancel" not in stage.methods
    stage.wait(1_500)
    stage.answer("order", 200, view(DOWN.id, quantity="2"))
    stage.answer("cancel", 200, view(DOWN.id, "cancelled", quantity="2"))
    assert stage.core.state_of(DOWN.id) is OrderState.CANCELLED


def test_what_fills_before_its_cancel_comes_is_kept() -> None:
    stage = gateway()
    stage.push(fill(UP.id, 1, "1"))
    stage.push(fill(DOWN.id, 2, "2", Side.SELL))
    stage.answer("cancel", 404)
    assert stage.methods == []
    assert (stage.core.state_of(UP.id), stage.core.state_of(DOWN.id)) == (
        OrderState.PARTIALLY_FILLED,
        OrderState.FILLED,
    )
    assert stage.core.status()["held_by"] == {"BTCUSDT": {RUNNER: "-1"}}
