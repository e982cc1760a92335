"""ACTIVE, REDUCING, HALTED: what leads from one to another, what each lets through, and that it outlasts a restart."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from common.messages import (
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    InputGap,
    OperatorCommand,
    OrderRefused,
    OrderType,
    RejectReason,
    Side,
    TradingState,
    TradingStateChanged,
)
from services.risk_manager.core.hours import DAY_NS
from services.risk_manager.core.risk_core import RiskCore
from services.risk_manager.core.trading import TRANSITIONS, Trading, Trigger
from tests.unit.risk_manager.builders import (
    SECOND,
    T0,
    D,
    approved,
    cancelled,
    exit_intent,
    fill_of,
    intent,
    opened,
    quote,
    rejected,
    risk_core,
)

ACTIVE, REDUCING, HALTED = TradingState
LIMIT: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": D(90)}


def command(name: str, at: int = T0, **arguments: str) -> OperatorCommand:
    return OperatorCommand(
        id=f"op-{name}", service="risk_manager", name=name, arguments=arguments, event_ns=at, received_ns=at
    )


def ready(**limits: Any) -> RiskCore:
    core = risk_core(**limits)
    core.handle(quote(100.0, 100.0), T0)
    return core


def state_of(core: RiskCore) -> str:
    return str(core.status()["trading"])


def kinds(answers: Sequence[AnyMessage]) -> list[str]:
    return [type(answer).__name__ for answer in answers]


def reason_of(core: RiskCore, number: int, at: int = T0) -> RejectReason | None:
    answer = core.handle(intent(number), at)[-1]
    return answer.reason if isinstance(answer, OrderRefused) else None


def test_the_table_is_all_there_is() -> None:
    for state, trigger in product(TradingState, Trigger):
        trading = Trading(state=state)
        assert trading.move(trigger) is ((state, trigger) in TRANSITIONS)
        assert trading.state is TRANSITIONS.get((state, trigger), state)


def test_from_halted_nothing_leads_to_active_but_arming_and_clearing() -> None:
    assert [trigger for (state, trigger) in TRANSITIONS if state is HALTED] == [Trigger.ARM]


def test_kill_cancels_all_and_flattens_and_refuses_until_armed() -> None:
    core = ready()
    opened(core, "3")
    resting = approved(core, exit_intent(2, "1", order_type=OrderType.LIMIT, limit_price=D(120)))
    entry = approved(core, intent(1, runner="x:BTCUSDT", **LIMIT))
    told = core.handle(command("kill", flatten="yes", reason="fat finger"), T0)
    assert kinds(told) == ["TradingStateChanged", "ApprovedCancel", "ApprovedCancel", "ApprovedOrder"]
    changed, *cancels, order = told
    assert isinstance(changed, TradingStateChanged)
    assert (changed.before, changed.after, changed.reason) == (ACTIVE, HALTED, "kill_switch")
    assert changed.detail == "killed by an operator (fat finger)"
    assert [each.order_id for each in cancels if isinstance(each, ApprovedCancel)] == [resting.id, entry.id]
    assert isinstance(order, ApprovedOrder)
    assert (order.side, order.quantity, order.reduce_only) == (Side.SELL, D(2), True)
    assert reason_of(core, 3) is RejectReason.KILL_SWITCH
    rest = core.handle(cancelled(resting, "1"), T0)
    assert rest == ()  # the first exit is on its way; what its fill leaves is closed then
    (*_, last) = core.handle(fill_of(order), T0)
    assert isinstance(last, ApprovedOrder)
    assert last.quantity == 1
    core.handle(fill_of(last), T0)
    told = core.handle(command("arm"), T0)
    assert [each.after for each in told if isinstance(each, TradingStateChanged)] == [ACTIVE]
    assert reason_of(core, 4) is None


def test_kill_without_flatten_keeps_positions_and_lets_exits_pass() -> None:
    core = ready()
    opened(core, "3")
    assert kinds(core.handle(command("kill"), T0)) == ["TradingStateChanged"]
    assert approved(core, exit_intent(2, "3")).quantity == 3


def test_a_flattening_exit_that_the_venue_rejects_is_tried_again() -> None:
    core = ready()
    opened(core, "3")
    (*_, order) = core.handle(command("kill", flatten="yes"), T0)
    assert isinstance(order, ApprovedOrder)
    assert core.handle(rejected(order), T0) == ()
    again = core.handle(quote(99.0, 99.0, update_id=2), T0 + 2 * SECOND)
    assert kinds(again) == ["ApprovedOrder"]


def test_a_second_kill_may_ask_for_more() -> None:
    core = ready()
    opened(core, "3")
    core.handle(command("kill"), T0)
    assert kinds(core.handle(command("kill", flatten="yes"), T0)) == ["ApprovedOrder"]


def test_an_operator_lets_only_reductions_through() -> None:
    core = ready()
    opened(core, "3")
    entry = approved(core, intent(1, runner="x:BTCUSDT", **LIMIT))
    told = core.handle(command("reduce", reason="news"), T0)
    assert kinds(told) == ["TradingStateChanged", "ApprovedCancel"]
    core.handle(cancelled(entry, "1"), T0)
    assert reason_of(core, 2) is RejectReason.REDUCING
    assert approved(core, exit_intent(3)).quantity == 1
    core.handle(command("arm"), T0)
    assert state_of(core) == ACTIVE


def test_not_ready_until_ready() -> None:
    core = ready()
    core.handle(command("not_ready", reason="reconciling"), T0)
    assert reason_of(core, 1) is RejectReason.NOT_READY
    core.handle(command("arm"), T0)
    assert reason_of(core, 2) is RejectReason.NOT_READY
    core.handle(command("ready"), T0)
    assert reason_of(core, 3) is None


def test_the_drawdown_counts_from_the_peak_and_lasts_until_armed() -> None:
    core = ready(initial_cash=1_000, max_drawdown_percent=10, max_account_risk=1)
    opened(core, "5")
    core.handle(quote(120.0, 120.0, update_id=2), T0)  # equity 1100
    core.handle(quote(98.1, 98.1, update_id=3), T0)
    assert state_of(core) == ACTIVE
    told = core.handle(quote(98.0, 98.0, update_id=4), T0)
    (changed,) = told
    assert isinstance(changed, TradingStateChanged)
    assert changed.detail == "the equity fell 10 % from its peak 1100, 10 % are allowed"
    core.handle(quote(120.0, 120.0, update_id=5), T0)
    assert reason_of(core, 2) is RejectReason.DRAWDOWN
    core.handle(command("arm"), T0)
    assert state_of(core) == ACTIVE
    core.handle(quote(98.0, 98.0, update_id=6), T0)
    assert state_of(core) == REDUCING


def test_the_days_loss_ends_at_midnight() -> None:
    core = ready(initial_cash=1_000, max_daily_loss=50, max_market_age_ms=10**9)
    midnight = (T0 // DAY_NS + 1) * DAY_NS
    opened(core, "5")
    core.handle(quote(90.0, 90.0, update_id=2), T0)
    assert state_of(core) == REDUCING
    assert reason_of(core, 2, midnight - 1) is RejectReason.DAILY_LOSS
    assert reason_of(core, 3, midnight) is None
    core.handle(quote(81.0, 81.0, update_id=3), midnight)
    assert state_of(core) == ACTIVE
    core.handle(quote(80.0, 80.0, update_id=4), midnight)
    assert state_of(core) == REDUCING


def test_the_breaker_takes_entries_back() -> None:
    core = ready(enable_circuit_breaker=True, max_loss_threshold=10)
    opened(core, "5")
    entry = approved(core, intent(1, runner="x:BTCUSDT", **LIMIT))
    told = core.handle(quote(98.0, 98.0, update_id=2), T0)
    assert kinds(told) == ["TradingStateChanged", "ApprovedCancel"]
    assert isinstance(told[1], ApprovedCancel)
    assert told[1].order_id == entry.id
    core.handle(command("reset_breaker"), T0)
    assert state_of(core) == ACTIVE


def test_lost_reports_do_so_too() -> None:
    core = ready()
    gap = InputGap(topic="reports", missing=3, event_ns=T0, received_ns=T0)
    assert kinds(core.handle(gap, T0)) == ["TradingStateChanged"]
    assert reason_of(core, 1) is RejectReason.BREAKER_OPEN


@pytest.mark.parametrize("name", ["kill", "reduce", "not_ready"])
def test_the_state_outlasts_a_restart(name: str) -> None:
    core, fresh = ready(), ready()
    core.handle(command(name, flatten="yes"), T0)
    fresh.restore(core.snapshot())
    assert fresh.status() == core.status()
    assert reason_of(fresh, 1) is reason_of(core, 1) is not None


def test_an_exit_that_could_turn_the_position_around_is_taken_back() -> None:
    core = ready()
    opened(core, "3")
    resting = approved(core, exit_intent(2, "3", order_type=OrderType.LIMIT, limit_price=D(120)))
    core.handle(fill_of(approved(core, intent(3, "2", side=Side.SELL))), T0)
    told = core.handle(command("reduce"), T0)
    assert [each.order_id for each in told if isinstance(each, ApprovedCancel)] == [resting.id]
