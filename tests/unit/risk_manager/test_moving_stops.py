"""Stops that move by themselves or by their runner: break-even, time, direction; gaps; stop and target as one."""

from typing import Any

import pytest

from common.messages import ApprovedCancel, ApprovedOrder, OrderType, PositionChanged, Side, StopUpdate
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import (
    RUNNER,
    SECOND,
    T0,
    D,
    approved,
    exit_intent,
    fill_of,
    intent,
    quote,
    risk_core,
)

LONG, SHORT = Side.BUY, Side.SELL


def holding(side: Side = LONG, *, levels: dict[str, Any] | None = None, **limits: Any) -> RiskCore:
    core = risk_core(**limits)
    core.handle(quote(100.0, 100.0), T0)
    core.handle(fill_of(approved(core, intent(1, "2", side=side, **(levels or {}))), "100"), T0)
    return core


def mark(core: RiskCore, price: float, number: int = 2, at: int = T0) -> Any:
    return core.handle(quote(price, price, update_id=number), at)


def move(core: RiskCore, number: int, price: str, **changes: Any) -> Any:
    return core.handle(
        StopUpdate(
            id=f"{RUNNER}-{number}", runner=RUNNER, symbol="BTCUSDT", cause="bar", stop_price=D(price),
            event_ns=T0, received_ns=T0, **changes,
        ),
        T0,
    )  # fmt: skip


@pytest.mark.parametrize(("side", "nearer", "farther"), [(LONG, "96", "94"), (SHORT, "104", "106")])
def test_a_runner_moves_its_stop_nearer_and_not_away_unless_it_says_so(side: Side, nearer: str, farther: str) -> None:
    core = holding(side, levels={"stop_price": D(95) if side is LONG else D(105)})
    (changed,) = move(core, 2, nearer)
    assert changed.stop_price == D(nearer)
    (told,) = move(core, 3, farther)
    assert isinstance(told, PositionChanged)
    assert told.stop_price == D(nearer)
    assert core.status()["ignored_stop_updates"] == 1
    (changed,) = move(core, 4, farther, allow_widen=True)
    assert changed.stop_price == D(farther)


@pytest.mark.parametrize(("side", "before", "gain"), [(LONG, 101.99, 102.0), (SHORT, 98.01, 98.0)])
def test_a_gain_moves_the_stop_to_the_entry_price_once(side: Side, before: float, gain: float) -> None:
    core = holding(side, breakeven_percent=2)
    assert mark(core, before) == []
    (changed,) = mark(core, gain, 3)
    assert isinstance(changed, PositionChanged)
    assert changed.stop_price == 100
    assert mark(core, gain, 4) == []
    (order,) = mark(core, 100.0, 5)
    assert isinstance(order, ApprovedOrder)


def test_a_stop_that_is_nearer_stays() -> None:
    core = holding(levels={"stop_price": D(101)}, breakeven_percent=2)
    assert mark(core, 103.0) == []
    assert core.status()["positions"][0]["stop_price"] == "101"


def test_a_position_older_than_allowed_is_closed_at_the_next_quote() -> None:
    core = holding(max_holding_ms=5_000)
    assert mark(core, 100.0, 2, T0 + 5 * SECOND - 1) == []
    (order,) = mark(core, 100.0, 3, T0 + 5 * SECOND)
    assert (order.kind, order.quantity) == ("exit", 2)


def test_the_age_of_a_position_outlasts_a_restart_and_begins_anew_with_the_next() -> None:
    core, fresh = holding(max_holding_ms=5_000), risk_core(max_holding_ms=5_000)
    fresh.restore(core.snapshot())
    (order,) = mark(fresh, 100.0, 3, T0 + 6 * SECOND)
    fresh.handle(fill_of(order), T0 + 6 * SECOND)
    again = approved(fresh, intent(2, at=T0 + 6 * SECOND), T0 + 6 * SECOND)
    fresh.handle(fill_of(again), T0 + 6 * SECOND)
    assert mark(fresh, 100.0, 4, T0 + 10 * SECOND) == []


@pytest.mark.parametrize(("side", "price"), [(LONG, 80.0), (SHORT, 120.0)])
def test_a_gap_through_the_stop_closes_at_the_market_there_is(side: Side, price: float) -> None:
    core = holding(side, levels={"stop_price": D(95) if side is LONG else D(105)})
    (order,) = mark(core, price)
    assert (order.order_type, order.quantity, float(order.reference_price)) == (OrderType.MARKET, 2, price)


@pytest.mark.parametrize("price", [94.0, 111.0])
def test_when_stop_or_target_fires_the_other_is_gone(price: float) -> None:
    core = holding(levels={"stop_price": D(95), "target_price": D(110)})
    (order,) = mark(core, price)
    assert mark(core, 94.0 if price > 100 else 111.0, 3) == []
    core.handle(fill_of(order, D(str(price))), T0)
    assert mark(core, 94.0, 4) == ()
    assert core.status()["protective_exits"] == 1


def test_a_resting_target_order_goes_when_the_stop_fires() -> None:
    core = holding(levels={"stop_price": D(95)})
    target = approved(core, exit_intent(2, "2", order_type=OrderType.LIMIT, limit_price=D(110)))
    (cancel,) = mark(core, 94.0)
    assert isinstance(cancel, ApprovedCancel)
    assert cancel.order_id == target.id
