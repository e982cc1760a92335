"""What execution itself sees to: ends by time, reductions that shrink, changes on the way, restarts in the middle."""

from collections.abc import Sequence
from typing import Any

from common.messages import (
    AmendRejected,
    AnyMessage,
    ApprovedAmend,
    ApprovedOrder,
    CancelReason,
    Fill,
    IntentKind,
    OrderAmended,
    OrderCancelled,
    OrderTerms,
    OrderTriggered,
    OrderType,
    Side,
    TimeInForce,
    VenueRejectReason,
)
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.latency import LatencyCore
from services.execution.core.life_cycle import OrderState
from tests.unit.execution.builders import approved_cancel, approved_order, execution_core
from tests.unit.risk_manager.builders import RUNNER, T0, D, quote

SELL = Side.SELL


def ready(held: str = "") -> ExecutionCore:
    core = execution_core(slippage_bps=0)
    core.handle(quote(100.0, 100.02), T0)
    if held:
        core.handle(approved_order(0, held), T0)
    return core


def exit_order(number: int, quantity: str, **changes: Any) -> ApprovedOrder:
    return approved_order(number, quantity, side=SELL, kind=IntentKind.EXIT, reduce_only=True, **changes)


def amend(number: int, of: ApprovedOrder, **changes: str) -> ApprovedAmend:
    parts: dict[str, Any] = {key: D(value) for key, value in changes.items()}
    return ApprovedAmend(
        id=f"{RUNNER}-{number}", order_id=of.id, symbol=of.symbol, cause=f"{RUNNER}-{number}", event_ns=T0,
        received_ns=T0, **parts,
    )  # fmt: skip


def until(later: int, number: int = 1) -> ApprovedOrder:
    terms = OrderTerms(expires_ns=T0 + later)
    return approved_order(number, limit_price=D(90), time_in_force=TimeInForce.GTD, terms=terms)


def ended(messages: Sequence[AnyMessage]) -> list[tuple[str, object]]:
    return [(each.order_id, each.reason) for each in messages if isinstance(each, OrderCancelled)]


def test_an_order_ends_by_its_deadline_or_before_the_first_input_after_it() -> None:
    for by_time in (True, False):
        core = ready()
        core.handle(until(10), T0)
        assert core.next_deadline_ns() == T0 + 10
        assert not core.on_deadline(T0 + 9)
        reports = core.on_deadline(T0 + 10) if by_time else core.handle(quote(80.0, 80.02, update_id=2), T0 + 11)
        assert ended(reports) == [(f"{RUNNER}-1", CancelReason.EXPIRED)]
        assert core.state_of(f"{RUNNER}-1") is OrderState.EXPIRED
        assert core.next_deadline_ns() is None
        assert core.status()["expired"] == 1


def test_a_deadline_outlasts_a_restart_and_the_way_to_the_venue() -> None:
    core, again = ready(), execution_core(slippage_bps=0)
    core.handle(until(10), T0)
    again.restore(core.snapshot())
    assert again.next_deadline_ns() == T0 + 10
    late = LatencyCore(ready(), 5, 5)
    late.handle(until(10), T0)
    assert late.next_deadline_ns() == T0 + 5
    late.on_deadline(T0 + 5)
    late.on_deadline(T0 + 10)
    assert ended(late.on_deadline(T0 + 15)) == [(f"{RUNNER}-1", CancelReason.EXPIRED)]
    gone = LatencyCore(ready(), 20, 0)
    gone.handle(until(10), T0)
    (rejected,) = gone.on_deadline(T0 + 20)
    assert getattr(rejected, "reason", None) is VenueRejectReason.EXPIRED


def test_a_resting_reduction_shrinks_with_the_position_and_ends_with_it() -> None:
    core = ready("3")
    core.handle(exit_order(1, "3", limit_price=D(110)), T0)
    part = core.handle(exit_order(2, "2"), T0)
    (shrunk,) = [each for each in part if isinstance(each, OrderAmended)]
    assert (shrunk.order_id, shrunk.quantity, shrunk.remaining_quantity) == (f"{RUNNER}-1", D(1), D(1))
    last = core.handle(exit_order(3, "9"), T0)
    assert ended(last) == [(f"{RUNNER}-1", CancelReason.REDUCED)]
    assert core.status()["open_orders"] == 0
    assert core.status()["impossible_events"] == 0


def test_a_reduction_is_not_amended_beyond_what_is_held() -> None:
    core = ready("3")
    order = exit_order(1, "1", limit_price=D(110))
    core.handle(order, T0)
    (amended,) = core.handle(amend(2, order, quantity="8", limit_price="109"), T0)
    assert isinstance(amended, OrderAmended)
    assert (amended.quantity, amended.limit_price, amended.cause) == (D(3), D(109), f"{RUNNER}-2")


def test_a_triggered_order_tells_so_and_fills() -> None:
    core = ready("1")
    order = exit_order(1, "1", order_type=OrderType.STOP, terms=OrderTerms(trigger_price=D(99)))
    core.handle(order, T0)
    assert core.state_of(order.id) is OrderState.ARMED
    triggered, fill = core.handle(quote(98.0, 98.02, update_id=2), T0)
    assert isinstance(triggered, OrderTriggered)
    assert isinstance(fill, Fill)
    assert (fill.price, fill.cause) == (D(98), "quote:BTCUSDT:2")


def test_an_amended_trigger_counts_from_then_on() -> None:
    core = ready("1")
    order = exit_order(1, "1", order_type=OrderType.STOP, terms=OrderTerms(trigger_price=D(99)))
    core.handle(order, T0)
    (amended,) = core.handle(amend(2, order, trigger_price="97"), T0)
    assert isinstance(amended, OrderAmended)
    assert (amended.trigger_price, amended.limit_price) == (D(97), None)
    assert not core.handle(quote(98.0, 98.02, update_id=2), T0)
    again = execution_core(slippage_bps=0)
    again.restore(core.snapshot())
    assert len(again.handle(quote(97.0, 97.02, update_id=3), T0)) == 2


def test_what_cannot_be_amended_says_why() -> None:
    core = ready()
    order = approved_order(1, "2", limit_price=D(90))
    assert core.handle(amend(2, order, quantity="1"), T0) == ()
    core.handle(order, T0)
    (taking,) = core.handle(amend(3, order, limit_price="90.001"), T0)
    assert isinstance(taking, AmendRejected)
    assert taking.reason is VenueRejectReason.INVALID_PRICE
    core.handle(approved_cancel(order), T0)
    assert core.handle(amend(4, order, quantity="1"), T0) == ()
    assert (core.status()["ignored_amends"], core.status()["amends_rejected"]) == (2, 1)
