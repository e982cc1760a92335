"""The execution core: each approved order lives once, and every report says so with its cause."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import (
    AnyMessage,
    ApprovedOrder,
    Fill,
    InputGap,
    IntentKind,
    Liquidity,
    MarketState,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderType,
    Side,
    TimeInForce,
    VenueRejectReason,
)
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.life_cycle import OrderState
from tests.unit.execution.builders import approved_cancel, approved_order, execution_core, market
from tests.unit.risk_manager.builders import RUNNER, SECOND, T0, D, intent, quote


def ready(**changes: Any) -> ExecutionCore:
    """Return a core that has seen a quote."""
    core = execution_core(**changes)
    core.handle(quote(), T0)
    return core


def closing(number: int, quantity: str, *, side: Side = Side.SELL, **changes: Any) -> ApprovedOrder:
    return approved_order(number, quantity, side=side, kind=IntentKind.EXIT, reduce_only=True, **changes)


def rejection(answers: Sequence[AnyMessage]) -> OrderRejected:
    (answer,) = answers
    assert isinstance(answer, OrderRejected), answer
    return answer


def test_a_market_order_is_accepted_and_filled() -> None:
    order = approved_order(1, "2")
    answers = ready().handle(order, T0 + 3)
    assert answers == [
        OrderAccepted(
            order_id=order.id, intent_id=order.id, runner=RUNNER, symbol="BTCUSDT", venue="simulated", cause=order.id,
            event_ns=T0 + 3, received_ns=T0 + 3,
        ),
        Fill(
            id=f"{order.id}-f1", order_id=order.id, intent_id=order.id, runner=RUNNER, strategy="ema", symbol="BTCUSDT",
            kind=IntentKind.ENTRY, side=Side.BUY, quantity=D(2), price=D("100.13"), fee=D("0.40052"),
            fee_currency="USDT", liquidity=Liquidity.TAKER, remaining_quantity=D(0), venue="simulated", cause=order.id,
            event_ns=T0 + 3, received_ns=T0 + 3,
        ),
    ]  # fmt: skip


def test_an_order_delivered_again_does_nothing() -> None:
    core = ready()
    order = approved_order(2)
    core.handle(order, T0)
    assert core.handle(order, T0 + SECOND) == ()
    assert core.handle(approved_order(1), T0 + SECOND) == ()
    assert (core.status()["orders"], core.status()["repeated_orders"], core.status()["fills"]) == (1, 2, 1)


def test_a_later_order_under_a_used_id_is_rejected() -> None:
    core = ready()
    core.handle(approved_order(1), T0)
    answer = rejection(core.handle(approved_order(1, event_ns=T0 + 1), T0 + 1))
    assert answer.reason is VenueRejectReason.DUPLICATE_ORDER


def test_an_order_without_a_market_is_rejected() -> None:
    core = execution_core()
    order = approved_order()
    answer = rejection(core.handle(order, T0))
    assert (answer.reason, answer.order_id, answer.cause) == (VenueRejectReason.NO_MARKET, order.id, order.id)
    assert core.state_of(order.id) is OrderState.REJECTED


def test_a_resting_order_is_filled_by_the_quote_that_reaches_it() -> None:
    core = ready()
    order = approved_order(1, limit_price=D(90))
    (accepted,) = core.handle(order, T0)
    assert isinstance(accepted, OrderAccepted)
    assert core.state_of(order.id) is OrderState.ACCEPTED
    (fill,) = core.handle(quote(89.0, 90.0, update_id=8), T0 + 5)
    assert isinstance(fill, Fill)
    assert (fill.cause, fill.price, fill.liquidity, fill.event_ns) == (
        "quote:BTCUSDT:8",
        D(90),
        Liquidity.MAKER,
        T0 + 5,
    )
    assert core.state_of(order.id) is OrderState.FILLED


def test_a_market_that_comes_back_may_fill_too() -> None:
    core = ready()
    core.handle(approved_order(1, limit_price=D(90)), T0)
    core.handle(market(MarketState.STALE), T0)
    core.handle(quote(80.0, 81.0, update_id=2), T0)
    (fill,) = core.handle(market(MarketState.LIVE), T0)
    assert isinstance(fill, Fill)
    assert fill.cause == f"market:BTCUSDT:{T0}"


def test_a_cancel_ends_a_resting_order_once() -> None:
    core = ready()
    order = approved_order(1, "3", limit_price=D(90))
    core.handle(order, T0)
    cancel = approved_cancel(order)
    (answer,) = core.handle(cancel, T0 + 1)
    assert isinstance(answer, OrderCancelled)
    assert (answer.order_id, answer.remaining_quantity, answer.cause) == (order.id, D(3), cancel.id)
    assert core.handle(cancel, T0 + 2) == ()
    assert core.handle(approved_cancel(approved_order(9)), T0 + 2) == ()
    assert core.status()["ignored_cancels"] == 2
    assert core.state_of(order.id) is OrderState.CANCELLED


def test_what_an_ioc_order_cannot_take_is_cancelled_with_the_order_as_cause() -> None:
    order = approved_order(1, limit_price=D(90), time_in_force=TimeInForce.IOC)
    _, answer = ready().handle(order, T0)
    assert isinstance(answer, OrderCancelled)
    assert answer.cause == order.id


@pytest.mark.parametrize(("entry", "exit_side"), [(Side.BUY, Side.SELL), (Side.SELL, Side.BUY)])
def test_a_reduction_is_cut_to_what_the_runner_holds(entry: Side, exit_side: Side) -> None:
    core = ready()
    core.handle(approved_order(1, "2", side=entry), T0)
    _, fill = core.handle(closing(2, "5", side=exit_side), T0)
    assert isinstance(fill, Fill)
    assert (fill.quantity, fill.remaining_quantity) == (D(2), D(0))
    answer = rejection(core.handle(closing(3, "1", side=exit_side), T0))
    assert answer.reason is VenueRejectReason.NOTHING_TO_REDUCE


def test_a_runner_can_close_though_others_hold_the_other_side() -> None:
    core = ready()
    core.handle(approved_order(1, "2"), T0)
    other = {"id": "b:BTCUSDT-1", "intent_id": "b:BTCUSDT-1", "runner": "b:BTCUSDT"}
    core.handle(approved_order(1, "2", side=Side.SELL, **other), T0)
    assert core.status()["venue"]["holdings"] == {"BTCUSDT": "0"}
    _, fill = core.handle(closing(2, "2"), T0)
    assert isinstance(fill, Fill)
    assert core.status()["holdings"] == core.status()["venue"]["holdings"] == {"BTCUSDT": "-2"}


def test_nothing_but_an_approved_order_is_taken() -> None:
    core = ready()
    before = core.snapshot()
    assert core.handle(intent(), T0) == ()
    assert core.on_deadline(T0) == ()
    assert core.next_deadline_ns() is None
    assert core.snapshot() == before


def test_a_gap_makes_the_market_unknown() -> None:
    core = ready()
    core.handle(InputGap(topic="quote.BTCUSDT", missing=1, event_ns=T0, received_ns=T0), T0)
    assert rejection(core.handle(approved_order(), T0)).reason is VenueRejectReason.NO_MARKET
    assert core.status()["input_gaps"] == 1


def test_it_says_how_it_stands() -> None:
    core = ready()
    core.handle(approved_order(1, "2"), T0)
    core.handle(approved_order(2, limit_price=D(90)), T0)
    assert core.status() == {
        "orders": 2, "accepted": 2, "rejected": 0, "cancelled": 0, "fills": 1, "repeated_orders": 0,
        "ignored_cancels": 0, "triggered": 0, "amended": 0, "amends_rejected": 0, "ignored_amends": 0, "expired": 0,
        "impossible_events": 0, "killed": "", "input_gaps": 0, "open_orders": 1,
        "holdings": {"BTCUSDT": "2"},
        "held_by": {"BTCUSDT": {RUNNER: "2"}},
        "venue": {
            "name": "simulated", "holdings": {"BTCUSDT": "2"}, "slippage_paid": {"USDT": "0.22"},
            "fees_paid": {"USDT": "0.40052"}, "resting": 1,
        },
    }  # fmt: skip


steps = st.lists(
    st.tuples(
        st.sampled_from(("market", "limit", "ioc", "close", "again", "cancel", "quote", "quote", "dead", "alive")),
        st.sampled_from(Side),
        st.integers(0, 20),
        st.integers(9_900, 10_100),
    ),
    max_size=50,
)
Step = tuple[str, Side, int, int]


def message_of(number: int, step: Step) -> AnyMessage:
    what, side, size, cents = step
    if what == "quote":
        return quote(cents / 100, (cents + 2) / 100, update_id=number)
    if what in ("dead", "alive"):
        return market(MarketState.LIVE if what == "alive" else MarketState.STALE)
    if what == "cancel":
        return approved_cancel(approved_order(size))
    quantity = str(D(size) / 10)
    if what == "close":
        return closing(number, quantity, side=side)
    limit: dict[str, Any] = {}
    if what in ("limit", "ioc"):
        limit["limit_price"] = D(cents) / 100
        limit["time_in_force"] = TimeInForce.IOC if what == "ioc" else TimeInForce.GTC
    return approved_order(min(size, number) if what == "again" else number, quantity, side=side, **limit)


class Lives:
    """What is heard of each order: when it began, when it ended, what it filled."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.fills: list[str] = []
        self.net = D(0)

    def hear(self, answer: AnyMessage) -> None:
        match answer:
            case OrderAccepted():
                self.begun.append(answer.order_id)
            case OrderRejected():
                self.begun.append(answer.order_id)
                self.ended.append(answer.order_id)
            case OrderCancelled():
                self.ended.append(answer.order_id)
            case Fill():
                self.fills.append(answer.id)
                self.net += answer.quantity * answer.side.sign
                self.ended += [answer.order_id] * (not answer.remaining_quantity)
            case _:
                raise AssertionError(answer)


@given(steps)
def test_every_order_lives_once_and_all_books_agree(flow: list[Step]) -> None:
    core, lives = ready(), Lives()
    asked: set[str] = set()
    for number, step in enumerate(flow, 1):
        message = message_of(number, step)
        if isinstance(message, ApprovedOrder):
            asked.add(message.id)
        for answer in core.handle(message, T0):
            lives.hear(answer)
    for heard in (lives.begun, lives.ended, lives.fills):
        assert len(set(heard)) == len(heard)
    assert set(lives.ended) <= set(lives.begun) <= asked
    status = core.status()
    assert status["open_orders"] == status["venue"]["resting"] == len(lives.begun) - len(lives.ended)
    assert status["impossible_events"] == 0
    for holdings in (status["holdings"], status["venue"]["holdings"]):
        assert D(holdings.get("BTCUSDT", 0)) == lives.net


@given(steps, st.integers(0, 50))
def test_a_restored_core_goes_on_the_same(flow: list[Step], cut: int) -> None:
    core, twin = ready(), ready()
    for number, step in enumerate(flow, 1):
        if number == cut:
            fresh = execution_core()
            fresh.restore(core.snapshot())
            assert fresh.snapshot() == core.snapshot()
            assert fresh.status() == core.status()
            core = fresh
        message = message_of(number, step)
        encode = msgspec.msgpack.encode
        assert encode(core.handle(message, T0)) == encode(twin.handle(message, T0))
    assert core.snapshot() == twin.snapshot()


def test_an_order_type_decides_by_its_price() -> None:
    (answer,) = ready().handle(approved_order(1, order_type=OrderType.LIMIT), T0)
    assert isinstance(answer, OrderRejected)
    assert answer.reason is VenueRejectReason.INVALID_PRICE
