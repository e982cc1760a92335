"""Stops and targets: judged on every quote, one protective exit at a time."""

from typing import Any

import pytest

from common.messages import (
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    IntentKind,
    OrderRefused,
    OrderType,
    PositionChanged,
    Side,
    StopUpdate,
)
from services.risk_manager.core.reports import STOP_RETRY_NS
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import (
    RUNNER,
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


def holding(side: Side = Side.BUY, quantity: str = "1", **changes: Any) -> RiskCore:
    """Return a core whose runner holds a position bought or sold at 100."""
    limits = {key: changes.pop(key) for key in list(changes) if key.endswith("_percent")}
    core = risk_core(**limits)
    core.handle(quote(), T0)
    opened(core, quantity, "100", side=side, **changes)
    return core


def stop_of(answers: Any) -> ApprovedOrder:
    (order,) = answers
    assert isinstance(order, ApprovedOrder), order
    return order


def update(number: int, **prices: Any) -> StopUpdate:
    return StopUpdate(
        id=f"{RUNNER}-stop-{number}",
        runner=RUNNER,
        symbol="BTCUSDT",
        cause="bar",
        event_ns=T0,
        received_ns=T0,
        **prices,
    )


@pytest.mark.parametrize(
    ("side", "levels", "calm", "hit"),
    [
        (Side.BUY, {"stop_price": D(95)}, (95.01, 95.02), (95.0, 95.5)),
        (Side.BUY, {"target_price": D(105)}, (104.99, 200.0), (105.0, 105.1)),
        (Side.SELL, {"stop_price": D(105)}, (1.0, 104.99), (104.0, 105.0)),
        (Side.SELL, {"target_price": D(95)}, (1.0, 95.01), (94.9, 95.0)),
        (Side.BUY, {"stop_price": D(95)}, (95.01, 95.02), (20.0, 21.0)),
    ],
    ids=["long stop", "long target", "short stop", "short target", "gap through the stop"],
)
def test_a_level_is_judged_on_the_side_that_closes(
    side: Side, levels: dict[str, Any], calm: tuple[float, float], hit: tuple[float, float]
) -> None:
    core = holding(side, "2", **levels)
    assert list(core.handle(quote(*calm, update_id=2), T0)) == []
    order = stop_of(core.handle(quote(*hit, update_id=3), T0 + 7))
    assert order.id == order.intent_id == f"{RUNNER}-stop-1"
    assert (order.kind, order.reduce_only, order.order_type) == (IntentKind.EXIT, True, OrderType.MARKET)
    assert (order.side, order.quantity, order.cause) == (side.opposite, D(2), "quote:BTCUSDT:3")
    assert (order.event_ns, order.strategy) == (T0 + 7, "ema")


def test_only_one_protective_exit_works_at_a_time() -> None:
    core = holding(stop_price=D(95))
    order = stop_of(core.handle(quote(94, 95, update_id=2), T0))
    assert list(core.handle(quote(93, 94, update_id=3), T0)) == []
    core.handle(fill_of(order, "94"), T0)
    assert list(core.handle(quote(92, 93, update_id=4), T0)) == []
    assert core.status()["protective_exits"] == 1


def test_a_rejected_protective_exit_is_tried_again_under_a_new_id() -> None:
    core = holding(stop_price=D(95))
    first = stop_of(core.handle(quote(94, 95, update_id=2), T0))
    core.handle(rejected(first), T0)
    assert list(core.handle(quote(94, 95, update_id=3), T0 + STOP_RETRY_NS - 1)) == []
    assert stop_of(core.handle(quote(94, 95, update_id=4), T0 + STOP_RETRY_NS)).id == f"{RUNNER}-stop-2"


def test_a_partly_filled_protective_exit_is_followed_by_one_for_the_rest() -> None:
    core = holding(quantity="3", stop_price=D(95))
    first = stop_of(core.handle(quote(94, 95, update_id=2), T0))
    core.handle(fill_of(first, "94", "1"), T0)
    core.handle(cancelled(first, "2"), T0)
    assert stop_of(core.handle(quote(94, 95, update_id=4), T0 + SECOND)).quantity == 2


def test_the_stop_waits_while_the_runner_closes_at_market() -> None:
    core = holding(quantity="3", stop_price=D(95))
    approved(core, exit_intent(2, "3"))
    assert list(core.handle(quote(94, 95, update_id=2), T0)) == []


def test_an_exit_of_the_runner_while_the_stop_works_has_nothing_to_reduce() -> None:
    core = holding(stop_price=D(95))
    stop_of(core.handle(quote(94, 95, update_id=2), T0))
    (answer,) = core.handle(exit_intent(2), T0)
    assert isinstance(answer, OrderRefused)


def test_a_resting_exit_does_not_keep_the_stop_from_firing() -> None:
    core = holding(quantity="3", stop_price=D(95))
    resting = approved(core, exit_intent(2, "1", order_type=OrderType.LIMIT, limit_price=D(120)))
    cancel, order = core.handle(quote(94, 95, update_id=2), T0)
    assert isinstance(cancel, ApprovedCancel)
    assert (cancel.order_id, cancel.id, cancel.cause) == (resting.id, f"{resting.id}-cancel", "quote:BTCUSDT:2")
    assert isinstance(order, ApprovedOrder)
    assert order.quantity == 2
    core.handle(fill_of(order, "94"), T0)
    core.handle(cancelled(resting, "1"), T0)
    assert stop_of(core.handle(quote(94, 95, update_id=3), T0)).quantity == 1


def test_a_percentage_stop_follows_the_average_price() -> None:
    core = holding(quantity="1", stop_loss_percent=10)
    assert core.status()["positions"][0]["stop_price"] == "90"
    core.handle(fill_of(approved(core, intent(2, "1")), "110"), T0)
    assert core.status()["positions"][0]["stop_price"] == "94.5"
    core.handle(fill_of(approved(core, exit_intent(3, "1")), "120"), T0)
    assert core.status()["positions"][0]["stop_price"] == "94.5"


def test_a_percentage_stop_of_a_short_lies_above() -> None:
    core = holding(Side.SELL, stop_loss_percent=10)
    assert core.status()["positions"][0]["stop_price"] == "110"
    assert stop_of(core.handle(quote(109, 110, update_id=2), T0)).side is Side.BUY


def test_the_intents_own_stop_wins_over_the_percentage() -> None:
    core = holding(stop_loss_percent=10, stop_price=D(97))
    core.handle(fill_of(approved(core, intent(2, "1")), "110"), T0)
    assert core.status()["positions"][0]["stop_price"] == "97"


@pytest.mark.parametrize(("side", "step"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_a_trailing_stop_follows_the_best_price_and_never_goes_back(side: Side, step: int) -> None:
    core = holding(side, trailing_stop_percent=2)
    for update_id, distance in enumerate((10, 5, 8, 9), 2):
        price = 100.0 + step * distance * 0.2
        assert list(core.handle(quote(price, price, update_id=update_id), T0)) == []
    assert D(core.status()["positions"][0]["stop_price"]) == D("99.96")
    beyond = 102.0 * 0.98 - 0.01 if side is Side.BUY else 98.0 * 1.02 + 0.01
    assert stop_of(core.handle(quote(beyond, beyond, update_id=9), T0)).side is side.opposite


def test_the_tighter_of_trailing_and_static_stop_is_shown() -> None:
    core = holding(stop_price=D(99), trailing_stop_percent=2)
    assert core.status()["positions"][0]["stop_price"] == "99"
    core.handle(quote(110, 110.1, update_id=2), T0)
    assert core.status()["positions"][0]["stop_price"] == "107.8"


def test_a_runner_moves_its_levels() -> None:
    core = holding(stop_price=D(95))
    (answer,) = core.handle(update(1, stop_price=D(99), target_price=D(110)), T0)
    assert isinstance(answer, PositionChanged)
    assert (answer.stop_price, answer.target_price, answer.cause) == (D(99), D(110), f"{RUNNER}-stop-1")
    (answer,) = core.handle(update(2, target_price=D(120)), T0)
    assert isinstance(answer, PositionChanged)
    assert (answer.stop_price, answer.target_price) == (D(99), D(120))
    assert stop_of(core.handle(quote(98.9, 99, update_id=2), T0)).quantity == 1


def test_an_update_without_a_position_or_delivered_again_is_ignored() -> None:
    core = risk_core()
    core.handle(quote(), T0)
    assert core.handle(update(1, stop_price=D(99)), T0) == ()
    opened(core)
    core.handle(update(2, stop_price=D(96)), T0)
    core.handle(update(3, stop_price=D(97)), T0)
    assert core.handle(update(2, stop_price=D(96)), T0) == ()
    for number, price in enumerate(("NaN", "0", "-1", "Infinity"), 4):
        assert core.handle(update(number, stop_price=D(price)), T0) == ()
    assert core.status()["positions"][0]["stop_price"] == "97"
    assert core.status()["ignored_stop_updates"] == 6


def test_levels_end_with_the_position() -> None:
    core = holding(stop_price=D(95), target_price=D(105))
    core.handle(fill_of(approved(core, exit_intent(2)), "100"), T0)
    core.handle(fill_of(approved(core, intent(3)), "100"), T0)
    answers: list[AnyMessage] = list(core.handle(quote(80, 81, update_id=2), T0))
    assert answers == []


def test_a_flip_takes_the_levels_of_the_new_side() -> None:
    core = holding(stop_price=D(95))
    core.handle(fill_of(approved(core, intent(2, "3", side=Side.SELL, stop_price=D(130))), "100"), T0)
    assert list(core.handle(quote(90, 91, update_id=2), T0)) == []
    order = stop_of(core.handle(quote(129, 130, update_id=3), T0))
    assert (order.side, order.quantity) == (Side.BUY, D(2))
