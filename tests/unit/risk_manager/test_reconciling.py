"""Risk and execution are held against each other: nothing is approved before, what differs stands in the way, and is told."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from common.messages import (
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    DifferenceAction,
    OperatorCommand,
    OrderRefused,
    OrderType,
    PositionDiffers,
    RejectReason,
    TradingState,
    TradingStateChanged,
)
from services.risk_manager.core.explain import explain
from services.risk_manager.core.reconciliation import Held
from services.risk_manager.core.reconciling import COMPARED, RECONCILE, encoded
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import RUNNER, T0, D, approved, exit_intent, intent, opened, quote, risk_core


def tell(core: RiskCore, name: str, **arguments: str) -> Sequence[AnyMessage]:
    command = OperatorCommand(
        id=f"{name}:1", service="risk_manager", name=name, arguments=arguments, event_ns=T0, received_ns=T0
    )
    return core.handle(command, T0)


def compare(core: RiskCore, **held: str) -> Sequence[AnyMessage]:
    """Hold the core against execution's holdings of BTCUSDT, by runner's strategy."""
    theirs = {"BTCUSDT": {f"{name}:BTCUSDT": amount for name, amount in held.items()}}
    return tell(core, COMPARED, differences=encoded(core.differences(theirs)))


def ready_core() -> RiskCore:
    core = risk_core()
    core.handle(quote(), T0)
    opened(core, "2")
    return core


def refused(core: RiskCore, number: int) -> OrderRefused:
    (answer,) = core.handle(intent(number, runner="rsi:BTCUSDT"), T0)
    assert isinstance(answer, OrderRefused), answer
    return answer


def test_nothing_is_approved_before_the_outcome_but_reductions() -> None:
    core = ready_core()
    resting = approved(core, intent(2, order_type=OrderType.LIMIT, limit_price=D(90)))
    assert tell(core, RECONCILE) == ()
    refusal = refused(core, 1)
    assert refusal.reason is RejectReason.NOT_READY
    assert "not been held against execution's" in refusal.detail
    assert explain(core, intent(9, runner="rsi:BTCUSDT"), T0).refusal is not None
    assert set(core.status()["in_the_way"]) == {"not_ready"}
    assert resting.id in core._desk.state.orders.working  # what rests goes on resting
    assert isinstance(approved(core, exit_intent(3)), ApprovedOrder)
    assert compare(core, ema="2") == []
    assert isinstance(approved(core, intent(4, runner="rsi:BTCUSDT")), ApprovedOrder)


def test_what_differs_stands_in_the_way_and_is_told_until_it_agrees() -> None:
    core = ready_core()
    resting = approved(core, intent(2, order_type=OrderType.LIMIT, limit_price=D(90)))
    tell(core, RECONCILE)
    told = compare(core, ema="2", rsi="-1")
    assert [type(each) for each in told] == [PositionDiffers, TradingStateChanged, ApprovedCancel]
    first, changed, cancel = told
    assert isinstance(first, PositionDiffers)
    assert (first.runner, first.ours, first.theirs) == ("rsi:BTCUSDT", D(0), D(-1))
    assert first.action is DifferenceAction.HALTED
    assert isinstance(changed, TradingStateChanged)
    assert changed.detail == "positions differ: rsi:BTCUSDT: risk holds 0, execution -1"
    assert isinstance(cancel, ApprovedCancel)
    assert cancel.order_id == resting.id
    assert refused(core, 1).found == "0"
    assert isinstance(approved(core, exit_intent(3)), ApprovedOrder)
    assert compare(core, ema="2", rsi="-1") == []  # told once
    healed, over = compare(core, ema="2")
    assert isinstance(healed, PositionDiffers)
    assert (healed.action, healed.ours, healed.theirs) == (DifferenceAction.HEALED, D(0), D(0))
    assert isinstance(over, TradingStateChanged)
    assert over.after is TradingState.ACTIVE


def test_an_operator_may_accept_what_differs() -> None:
    core = ready_core()
    compare(core, ema="3")
    assert refused(core, 1).reason is RejectReason.NOT_READY
    (over,) = tell(core, "ready")
    assert isinstance(over, TradingStateChanged)
    assert core.differences({"BTCUSDT": {RUNNER: "3"}}) == []
    assert core.differences({"BTCUSDT": {RUNNER: "2"}}) == [Held("BTCUSDT", RUNNER, "2", "2")]
    assert compare(core, ema="3") == []


def test_an_operators_latch_does_not_end_when_positions_agree() -> None:
    core = ready_core()
    compare(core, ema="3")
    tell(core, "not_ready", reason="looking into it")
    compare(core, ema="2")
    assert "looking into it" in refused(core, 1).detail
    tell(core, "ready")
    assert isinstance(approved(core, intent(2, runner="rsi:BTCUSDT")), ApprovedOrder)


@pytest.mark.parametrize("outcome", [{}, {"ema": "5"}])
def test_it_is_part_of_the_state(outcome: dict[str, Any]) -> None:
    core = ready_core()
    tell(core, RECONCILE)
    if outcome:
        compare(core, **outcome)
    fresh = risk_core()
    fresh.restore(core.snapshot())
    assert fresh.snapshot() == core.snapshot()
    assert fresh.reconciliation == core.reconciliation
    assert refused(fresh, 1) == refused(core, 1)


def test_exactly_what_differs_is_found() -> None:
    core = ready_core()
    assert core.differences({"BTCUSDT": {RUNNER: "2.000"}, "ETHUSDT": {}}) == []
    assert core.differences({}) == [Held("BTCUSDT", RUNNER, "2", "0")]
    unknown = core.differences({"BTCUSDT": {RUNNER: "2"}, "ETHUSDT": {"x:ETHUSDT": str(Decimal("0.1"))}})
    assert unknown == [Held("ETHUSDT", "x:ETHUSDT", "0", "0.1")]
