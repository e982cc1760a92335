"""Changes of resting orders, groups of which one fills, and what an entry asks risk to guard."""

from typing import Any

import pytest

from common.messages import (
    AmendIntent,
    AmendRefused,
    AmendRejected,
    ApprovedAmend,
    ApprovedCancel,
    ApprovedOrder,
    Guards,
    OrderAmended,
    OrderRefused,
    OrderTerms,
    OrderType,
    PositionChanged,
    RejectReason,
    Side,
    VenueRejectReason,
)
from services.risk_manager.core.risk_core import RiskCore
from tests.unit.risk_manager.builders import (
    RUNNER,
    T0,
    D,
    approved,
    cancelled,
    exit_intent,
    fill_of,
    intent,
    quote,
    risk_core,
)

LIMIT: dict[str, Any] = {"order_type": OrderType.LIMIT, "limit_price": D(90)}
STOP_ENTRY: dict[str, Any] = {"order_type": OrderType.STOP, "terms": OrderTerms(trigger_price=D(110))}


def ready(**limits: Any) -> RiskCore:
    core = risk_core(**limits)
    core.handle(quote(100.0, 100.0), T0)
    return core


def amend(core: RiskCore, number: int, intent_id: str = f"{RUNNER}-1", **changes: Any) -> Any:
    parts: dict[str, Any] = {key: D(value) for key, value in changes.items()}
    wanted = AmendIntent(
        id=f"{RUNNER}-{number}", runner=RUNNER, intent_id=intent_id, symbol="BTCUSDT", cause="bar",
        event_ns=T0, received_ns=T0, **parts,
    )  # fmt: skip
    return core.handle(wanted, T0)


def report(core: RiskCore, kind: Any, cause: str, order_id: str = f"{RUNNER}-1", **parts: Any) -> None:
    about: dict[str, Any] = {
        "order_id": order_id,
        "intent_id": order_id,
        "runner": RUNNER,
        "symbol": "BTCUSDT",
        "venue": "simulated",
    }
    core.handle(kind(**about, cause=cause, event_ns=T0, received_ns=T0, **parts), T0)


def amended(core: RiskCore, number: int, quantity: str, left: str) -> None:
    parts: dict[str, Any] = {
        "quantity": D(quantity),
        "remaining_quantity": D(left),
        "limit_price": D(90),
        "trigger_price": None,
    }
    report(core, OrderAmended, f"{RUNNER}-{number}", **parts)


def room(core: RiskCore, number: int, quantity: str) -> bool:
    """Return whether another runner may buy so much."""
    (answer,) = core.handle(intent(number, quantity, runner="other:BTCUSDT"), T0)
    if isinstance(answer, ApprovedOrder):
        core.handle(cancelled(answer, quantity), T0)
    return isinstance(answer, ApprovedOrder)


def test_more_counts_at_once_and_less_once_the_venue_has_said_so() -> None:
    core = ready(max_position_size=10)
    approved(core, intent(1, "3", **LIMIT))
    (more,) = amend(core, 2, quantity="6", limit_price="91.004")
    assert isinstance(more, ApprovedAmend)
    assert (more.order_id, more.quantity, more.limit_price) == (f"{RUNNER}-1", D(6), D("91.004"))
    assert not room(core, 1, "5")
    amended(core, 2, "6", "6")
    assert isinstance(amend(core, 3, quantity="2")[0], ApprovedAmend)
    assert not room(core, 2, "5")
    amended(core, 3, "2", "2")
    assert room(core, 3, "8")
    assert not room(core, 4, "9")


def test_what_the_venue_does_not_change_counts_as_before() -> None:
    core = ready(max_position_size=10)
    approved(core, intent(1, "3", **LIMIT))
    amend(core, 2, quantity="9")
    assert amend(core, 3, quantity="4") == ()  # another is on its way
    report(core, AmendRejected, f"{RUNNER}-2", reason=VenueRejectReason.NO_MARKET, detail="")
    assert room(core, 1, "7")
    assert not room(core, 2, "8")
    assert core.status()["ignored_amends"] == 1


def test_an_amend_passes_the_rules_as_the_order_would() -> None:
    core = ready(max_position_size=10, price_collar_percent=20)
    approved(core, intent(1, "9", **LIMIT))
    (refused,) = amend(core, 2, quantity="11")
    assert isinstance(refused, AmendRefused)
    assert (refused.order_id, refused.cause) == (f"{RUNNER}-1", f"{RUNNER}-2")
    assert (refused.reason, refused.code) == (RejectReason.POSITION_SIZE, 402)
    (refused,) = amend(core, 3, limit_price="70")
    assert isinstance(refused, AmendRefused)
    assert refused.reason is RejectReason.PRICE_COLLAR
    assert isinstance(amend(core, 4, quantity="10")[0], ApprovedAmend)  # its own nine do not stand in the way


def test_an_exit_is_amended_to_what_is_held_at_most() -> None:
    core = ready()
    core.handle(fill_of(approved(core, intent(1, "3")), "100"), T0)
    resting = approved(core, exit_intent(2, "2", order_type=OrderType.LIMIT, limit_price=D(120)))
    (more,) = amend(core, 3, resting.id, quantity="9")
    assert isinstance(more, ApprovedAmend)
    assert more.quantity == D(3)


def test_an_order_is_worth_what_it_costs_at_worst() -> None:
    core = ready(max_notional_exposure=1_050, max_position_size=100)
    assert isinstance(core.handle(intent(1, "10"), T0)[0], ApprovedOrder)
    other = ready(max_notional_exposure=1_050, max_position_size=100)
    (refused,) = other.handle(intent(1, "10", **STOP_ENTRY), T0)
    assert isinstance(refused, OrderRefused)
    assert (refused.reason, refused.found) == (RejectReason.NOTIONAL, "1100")


def test_equal_orders_with_other_triggers_are_no_duplicates() -> None:
    core = ready(duplicate_window_ms=1_000)
    core.handle(cancelled(approved(core, intent(1, "1", **STOP_ENTRY)), "1"), T0)
    other: dict[str, Any] = {**STOP_ENTRY, "terms": OrderTerms(trigger_price=D(111))}
    assert isinstance(core.handle(intent(2, "1", **other), T0)[0], ApprovedOrder)
    core.handle(cancelled(approved(core, intent(3, "1", **STOP_ENTRY)), "1"), T0)
    assert isinstance(core.handle(intent(4, "1", **STOP_ENTRY), T0)[0], OrderRefused)


def test_a_group_reduces_once() -> None:
    core = ready()
    core.handle(fill_of(approved(core, intent(1, "3")), "100"), T0)
    group = OrderTerms(oco="exit")
    target = approved(core, exit_intent(2, "3", order_type=OrderType.LIMIT, limit_price=D(120), terms=group))
    stop = OrderTerms(oco="exit", trigger_price=D(90))
    second = approved(core, exit_intent(3, "3", order_type=OrderType.STOP, terms=stop))
    assert (second.quantity, second.terms) == (D(3), stop)
    assert isinstance(core.handle(exit_intent(4, "1"), T0)[0], OrderRefused)
    core.handle(fill_of(target, "120", remaining="2", quantity="1"), T0)
    core.handle(cancelled(second, "3"), T0)
    assert approved(
        core, exit_intent(5, "9", order_type=OrderType.LIMIT, limit_price=D(99), terms=group)
    ).quantity == D(2)


@pytest.mark.parametrize(
    ("guards", "way", "stop"),
    [
        (Guards(trail=D(5)), (110.0, 105.01, 105.0), "95.00"),
        (Guards(trail_share=D("0.02")), (110.0, 107.81, 107.8), "98.00"),
        (Guards(trail=D(5), trail_share=D("0.02")), (110.0, 107.81, 107.8), "98.00"),
    ],
)
def test_an_entry_brings_its_trailing_stop(guards: Guards, way: tuple[float, float, float], stop: str) -> None:
    core = ready()
    told = core.handle(fill_of(approved(core, intent(1, "2", guards=guards)), "100"), T0)
    (changed,) = [each for each in told if isinstance(each, PositionChanged)]
    assert (changed.stop_price, changed.guards) == (D(stop), guards)
    assert not core.handle(quote(way[0], way[0]), T0)
    assert not core.handle(quote(way[1], way[1]), T0)
    (closing,) = core.handle(quote(way[2], way[2]), T0)
    assert isinstance(closing, ApprovedOrder)
    assert closing.side is Side.SELL


def test_an_entry_brings_the_price_at_which_it_breaks_even() -> None:
    core = ready()
    core.handle(fill_of(approved(core, intent(1, "2", guards=Guards(breakeven_at=D(104)))), "100"), T0)
    assert not core.handle(quote(103.99, 103.99), T0)
    (changed,) = core.handle(quote(104.0, 104.0), T0)
    assert isinstance(changed, PositionChanged)
    assert changed.stop_price == D(100)
    (closing,) = core.handle(quote(100.0, 100.0), T0)
    assert isinstance(closing, ApprovedOrder)


def test_a_stop_that_a_resting_exit_holds_back_fires_as_soon_as_that_is_off() -> None:
    core = ready()
    core.handle(fill_of(approved(core, intent(1, "2", stop_price=D(95))), "100"), T0)
    resting = approved(core, exit_intent(2, "2", order_type=OrderType.LIMIT, limit_price=D(110)))
    (taking_back,) = core.handle(quote(94.0, 94.02, update_id=2), T0)
    assert isinstance(taking_back, ApprovedCancel)
    (closing,) = core.handle(cancelled(resting, "2"), T0)
    assert isinstance(closing, ApprovedOrder)
    assert (closing.quantity, closing.side, closing.reference_price) == (D(2), Side.SELL, D("94.0"))
    assert core.handle(quote(93.0, 93.02, update_id=3), T0) == []
