"""Execution's own kill switch: what rests is cancelled, what only reduces passes, until it is armed; a restart keeps it."""

from common.messages import (
    Fill,
    IntentKind,
    OperatorCommand,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    Side,
    VenueRejectReason,
)
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.latency import LatencyCore
from tests.unit.execution.builders import approved_order, execution_core
from tests.unit.risk_manager.builders import T0, D, quote


def command(name: str, **arguments: str) -> OperatorCommand:
    return OperatorCommand(
        id=f"op-{name}", service="execution", name=name, arguments=arguments, event_ns=T0, received_ns=T0
    )


def live() -> ExecutionCore:
    core = execution_core()
    core.handle(quote(100.0, 100.02), T0)
    core.handle(approved_order(1, "2"), T0)
    return core


def test_kill_cancels_every_resting_order_exits_too() -> None:
    core = live()
    entry = approved_order(2, limit_price=D(90))
    target = approved_order(3, side=Side.SELL, limit_price=D(120), kind=IntentKind.EXIT, reduce_only=True)
    for order in (entry, target):
        core.handle(order, T0)
    told = core.handle(command("kill", reason="fat finger"), T0)
    assert [(type(each), each.order_id) for each in told if isinstance(each, OrderCancelled)] == [
        (OrderCancelled, entry.id),
        (OrderCancelled, target.id),
    ]
    assert len(told) == 2
    assert core.status()["open_orders"] == 0
    assert core.handle(command("kill"), T0) == []


def test_entries_are_rejected_and_reductions_pass_until_it_is_armed() -> None:
    core = live()
    core.handle(command("kill", reason="fat finger"), T0)
    (rejected,) = core.handle(approved_order(2), T0)
    assert isinstance(rejected, OrderRejected)
    assert rejected.reason is VenueRejectReason.KILL_SWITCH
    assert rejected.detail == "killed by an operator (fat finger); only reductions pass until it is armed"
    closing = approved_order(3, side=Side.SELL, kind=IntentKind.EXIT, reduce_only=True)
    assert [type(each) for each in core.handle(closing, T0)] == [OrderAccepted, Fill]
    core.handle(command("arm"), T0)
    assert [type(each) for each in core.handle(approved_order(4), T0)] == [OrderAccepted, Fill]


def test_a_restart_keeps_it_killed() -> None:
    core, fresh = live(), execution_core()
    core.handle(command("kill"), T0)
    fresh.restore(core.snapshot())
    assert fresh.status()["killed"] == "no reason given"
    assert isinstance(fresh.handle(approved_order(2), T0)[0], OrderRejected)


def test_orders_still_on_their_way_are_rejected_as_they_arrive() -> None:
    core = LatencyCore(live(), 1_000, 0)
    assert list(core.handle(approved_order(2), T0)) == []
    core.handle(command("kill"), T0 + 1)
    (rejected,) = core.on_deadline(T0 + 1_000)
    assert isinstance(rejected, OrderRejected)


def test_a_command_it_does_not_know_changes_nothing() -> None:
    core = live()
    before = core.snapshot()
    assert core.handle(command("dance"), T0) == ()
    assert core.snapshot() == before
