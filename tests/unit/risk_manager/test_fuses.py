"""What opens the circuit breaker beside the loss, one scenario each, and how it closes again."""

from typing import Any

import pytest

from common.messages import ApprovedOrder, OperatorCommand, OrderRefused, RejectReason, Side, TradingStateChanged
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import (
    MILLISECOND,
    SECOND,
    T0,
    approved,
    exit_intent,
    fill_of,
    intent,
    quote,
    rejected,
    risk_core,
)


def fused(**breaker: Any) -> RiskCore:
    core = risk_core(breaker=breaker)
    core.handle(quote(100.0, 100.0), T0)
    return core


def why(core: RiskCore) -> str:
    return str(core.status()["breaker"]["reason"])


def trade(core: RiskCore, number: int, bought: str, sold: str) -> None:
    core.handle(fill_of(approved(core, intent(number)), bought), T0)
    core.handle(fill_of(approved(core, exit_intent(number + 1)), sold), T0)


def entry_passes(core: RiskCore, number: int, at: int = T0) -> bool:
    core.handle(quote(100.0, 100.0, update_id=number, at=at), at)
    answer = core.handle(intent(number), at)[-1]
    if isinstance(answer, OrderRefused):
        assert answer.reason is RejectReason.BREAKER_OPEN
    return isinstance(answer, ApprovedOrder)


def reset(core: RiskCore) -> None:
    core.handle(
        OperatorCommand(
            id="1", service="risk_manager", name="reset_breaker", arguments={}, event_ns=T0, received_ns=T0
        ),
        T0,
    )


def test_positions_closed_at_a_loss_in_a_row() -> None:
    core = fused(losing_streak=3)
    for number, sold in enumerate(("99", "99", "101", "99", "99")):
        trade(core, 2 * number + 1, "100", sold)
    assert why(core) == ""
    trade(core, 11, "100", "99.9")
    assert why(core) == "3 positions in a row closed at a loss, the threshold is 3"
    assert not entry_passes(core, 13)
    reset(core)
    assert entry_passes(core, 14)


def test_a_position_counts_once_with_all_its_fills_and_fees() -> None:
    core = fused(losing_streak=1)
    core.handle(fill_of(approved(core, intent(1, "2")), "100", fee="0.3"), T0)
    core.handle(fill_of(approved(core, exit_intent(2, "1")), "99.5"), T0)
    assert why(core) == ""
    core.handle(fill_of(approved(core, exit_intent(3, "1")), "100.7"), T0)  # -0.3 - 0.5 + 0.7
    assert why(core) == "1 positions in a row closed at a loss, the threshold is 1"


def test_a_turned_position_is_a_closed_one() -> None:
    core = fused(losing_streak=2)
    core.handle(fill_of(approved(core, intent(1)), "100"), T0)
    core.handle(fill_of(approved(core, intent(2, "2", side=Side.SELL)), "99"), T0)
    core.handle(fill_of(approved(core, intent(3, "2")), "99.5"), T0)
    assert why(core).startswith("2 positions")


def test_orders_too_fast() -> None:
    core = fused(order_count=3, order_window_ms=100)
    for number in (1, 2):
        approved(core, intent(number))
    answers = core.handle(intent(3), T0 + 99 * MILLISECOND)
    assert [type(each).__name__ for each in answers] == [
        "ApprovedOrder",
        "TradingStateChanged",
        *["ApprovedCancel"] * 3,
    ]
    assert why(core) == "3 orders within 100 ms, the threshold is 3"


def test_orders_at_ease() -> None:
    core = fused(order_count=3, order_window_ms=100)
    for number in range(1, 8):
        approved(core, intent(number), T0 + number * 50 * MILLISECOND)
    assert why(core) == ""


def test_rejections_too_fast() -> None:
    core = fused(reject_count=2, reject_window_ms=100)
    for number, late_ms in ((1, 0), (2, 100), (3, 150)):
        assert why(core) == ""
        at = T0 + late_ms * MILLISECOND
        core.handle(rejected(approved(core, intent(number), at)), at)
    assert why(core) == "2 rejections within 100 ms, the threshold is 2"


def test_a_price_that_jumps() -> None:
    core = fused(price_jump_percent=5)
    core.handle(quote(104.9, 104.9, update_id=2), T0)
    assert why(core) == ""
    (changed,) = core.handle(quote(110.15, 110.15, update_id=3), T0)
    assert isinstance(changed, TradingStateChanged)
    assert why(core) == "BTCUSDT moved 5.0048 % from one quote to the next, the threshold is 5 %"


def test_silence_of_a_symbol_that_is_held() -> None:
    core = fused(stale_after_ms=500)
    assert core.next_deadline_ns() is None
    core.handle(fill_of(approved(core, intent(1)), "100"), T0)
    assert core.next_deadline_ns() == T0 + SECOND // 2
    core.handle(quote(100.0, 100.0, update_id=2), T0 + SECOND // 4)
    due = core.next_deadline_ns()
    assert due == T0 + 3 * SECOND // 4
    (changed,) = core.on_deadline(due)
    assert isinstance(changed, TradingStateChanged)
    assert why(core) == "no quote of BTCUSDT for 500 ms, the threshold is 500 ms"
    assert core.next_deadline_ns() is None


@pytest.mark.parametrize("by_deadline", [True, False])
def test_it_closes_when_it_has_cooled_down(by_deadline: bool) -> None:
    core = fused(price_jump_percent=5, cooldown_ms=1_000)
    core.handle(quote(110.0, 110.0, update_id=2), T0)
    core.handle(quote(110.0, 110.0, update_id=3), T0 + SECOND - 1)
    assert why(core)
    due = core.next_deadline_ns()
    assert due == T0 + SECOND
    if by_deadline:
        core.on_deadline(due)
        assert why(core) == ""
    (answer,) = (each for each in core.handle(intent(1), due) if isinstance(each, ApprovedOrder | OrderRefused))
    assert isinstance(answer, ApprovedOrder)


def test_the_counts_outlast_a_restart() -> None:
    core, fresh = fused(losing_streak=2, reject_count=2), fused(losing_streak=2, reject_count=2)
    trade(core, 1, "100", "99")
    core.handle(rejected(approved(core, intent(3))), T0)
    fresh.restore(core.snapshot())
    fresh.handle(rejected(approved(fresh, intent(4))), T0)
    assert why(fresh).startswith("2 rejections")


def test_without_configuration_nothing_opens_it() -> None:
    core = fused()
    for number in range(1, 40):
        core.handle(rejected(approved(core, intent(number))), T0)
    core.handle(quote(500.0, 500.0, update_id=2), T0)
    assert why(core) == ""
    assert core.next_deadline_ns() is None
