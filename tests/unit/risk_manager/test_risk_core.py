"""What the risk core answers to intents, reports and cancels."""

from typing import Any

import pytest

from common.messages import (
    AccountChanged,
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    CancelIntent,
    Heartbeat,
    InputGap,
    IntentKind,
    MarketState,
    MarketStatus,
    OperatorCommand,
    OrderAccepted,
    OrderIntent,
    OrderRefused,
    OrderType,
    PositionChanged,
    RejectReason,
    Side,
    TimeInForce,
)
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


def ready(**changes: Any) -> RiskCore:
    """Return a core that has seen quotes of two symbols at 100."""
    core = risk_core(**changes)
    core.handle(quote(), T0)
    core.handle(quote(symbol="ETHUSDT"), T0)
    return core


def refused(core: RiskCore, message: OrderIntent, at: int = T0) -> OrderRefused:
    (answer,) = core.handle(message, at)
    assert isinstance(answer, OrderRefused), answer
    return answer


def cancel_of(order_id: str) -> CancelIntent:
    return CancelIntent(
        id=f"{order_id}-cancel", runner=RUNNER, intent_id=order_id, symbol="BTCUSDT", reason="", cause="bar",
        event_ns=T0, received_ns=T0,
    )  # fmt: skip


def test_an_entry_is_approved_as_it_was_asked_for() -> None:
    asked = intent(7, "0.5", stop_price=D(90))
    assert approved(ready(), asked, T0 + 5) == ApprovedOrder(
        id=asked.id,
        intent_id=asked.id,
        runner=RUNNER,
        strategy="ema",
        symbol="BTCUSDT",
        kind=IntentKind.ENTRY,
        side=Side.BUY,
        quantity=D("0.5"),
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        reference_price=asked.reference_price,
        cause=asked.id,
        event_ns=T0 + 5,
        received_ns=T0 + 5,
    )


def test_limit_price_and_quantity_come_on_tick_and_lot() -> None:
    asked = intent(1, "0.12345", order_type=OrderType.LIMIT, limit_price=D("99.987"))
    order = approved(ready(), asked)
    assert (order.quantity, order.limit_price) == (D("0.123"), D("99.99"))


def test_a_fill_changes_position_and_account() -> None:
    core = ready(initial_cash=1_000)
    order = approved(core, intent())
    answers = core.handle(fill_of(order, "100.50", fee="0.25"), T0 + 9)
    assert answers == (
        PositionChanged(
            runner=RUNNER, strategy="ema", symbol="BTCUSDT", currency="USDT", quantity=D(1), average_price=D("100.50"),
            realised_pnl=D("-0.25"), fees=D("0.25"), cause=f"{order.id}-f1", event_ns=T0 + 9, received_ns=T0 + 9,
        ),
        AccountChanged(
            currency="USDT", cash=D("899.25"), realised_pnl=D("-0.25"), fees=D("0.25"), open_positions=1,
            cause=f"{order.id}-f1", event_ns=T0 + 9, received_ns=T0 + 9,
        ),
    )  # fmt: skip


def test_a_foreign_fee_changes_two_purses() -> None:
    core = ready()
    order = approved(core, intent())
    _, usdt, bnb = core.handle(fill_of(order, fee="0.1", fee_currency="BNB"), T0)
    assert isinstance(usdt, AccountChanged)
    assert isinstance(bnb, AccountChanged)
    assert (usdt.currency, usdt.fees, bnb.currency, bnb.cash) == ("USDT", D(0), "BNB", D("-0.1"))


def test_an_intent_delivered_again_gets_no_second_order() -> None:
    core = ready()
    asked = intent(3)
    approved(core, asked)
    before = core.snapshot()
    assert core.handle(asked, T0 + SECOND) == ()
    assert core.handle(intent(2), T0 + SECOND) == ()
    assert core.status()["repeated_intents"] == 2
    assert core.status()["approved"] == 1
    assert before != core.snapshot()


def test_a_new_intent_under_a_used_id_is_refused_as_a_duplicate() -> None:
    core = ready()
    approved(core, intent(3))
    assert refused(core, intent(3, at=T0 + 1)).reason is RejectReason.DUPLICATE


def test_an_equal_entry_within_the_window_is_refused_with_the_earlier_id() -> None:
    core = ready(duplicate_window_ms=1_000)
    approved(core, intent(1))
    refusal = refused(core, intent(2), T0 + SECOND - 1)
    assert (refusal.reason, refusal.found) == (RejectReason.DUPLICATE, f"{RUNNER}-1")
    approved(core, intent(3, "2"), T0 + SECOND - 1)
    approved(core, intent(4, side=Side.SELL), T0 + SECOND)
    approved(core, intent(5), T0 + SECOND)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_position_size": "0.5"}, RejectReason.POSITION_SIZE),
        ({"max_notional_exposure": 100}, RejectReason.NOTIONAL),
        ({"initial_cash": 100}, RejectReason.POSITION_SIZE),
    ],
)
def test_a_limit_refuses(limits: dict[str, Any], reason: RejectReason) -> None:
    refusal = refused(ready(**limits), intent())
    assert (refusal.reason, refusal.intent_id, refusal.cause) == (reason, f"{RUNNER}-1", f"{RUNNER}-1")


def test_orders_on_their_way_count() -> None:
    core = ready(max_position_size=2, max_open_positions=2)
    first = approved(core, intent(1, runner="a:BTCUSDT"))
    approved(core, intent(1, runner="b:BTCUSDT"))
    assert refused(core, intent(2, runner="a:BTCUSDT")).reason is RejectReason.POSITION_SIZE
    assert refused(core, intent(1, runner="c:ETHUSDT")).reason is RejectReason.OPEN_POSITIONS
    core.handle(cancelled(first, "1"), T0)
    approved(core, intent(3, runner="a:BTCUSDT"))


def test_a_hedge_does_not_make_room() -> None:
    core = ready(max_position_size=10)
    opened(core, "10", runner="a:BTCUSDT")
    opened(core, "10", runner="b:BTCUSDT", side=Side.SELL)
    # Net is 0, but b may close at any moment, and then a and c would be too large together.
    assert refused(core, intent(1, runner="c:BTCUSDT")).reason is RejectReason.POSITION_SIZE


def test_a_rejected_order_frees_what_it_took() -> None:
    core = ready(max_open_positions=1)
    order = approved(core, intent(1, runner="a:BTCUSDT"))
    assert refused(core, intent(1, runner="b:ETHUSDT")).reason is RejectReason.OPEN_POSITIONS
    core.handle(rejected(order), T0)
    approved(core, intent(2, runner="b:ETHUSDT"))


def test_a_partial_fill_then_a_cancel_keeps_what_was_filled() -> None:
    core = ready(max_position_size=10)
    order = approved(core, intent(1, "10"))
    core.handle(fill_of(order, "100", "4"), T0)
    core.handle(cancelled(order, "6"), T0)
    assert approved(core, intent(2, "6")).quantity == 6
    assert core.status()["working_orders"] == 1


def test_an_exit_is_cut_to_the_position() -> None:
    core = ready()
    opened(core, "2")
    first = approved(core, exit_intent(2, "1.5"))
    assert (first.quantity, first.reduce_only, first.kind) == (D("1.5"), True, IntentKind.EXIT)
    assert approved(core, exit_intent(3, "5")).quantity == D("0.5")
    assert refused(core, exit_intent(4, "5")).reason is RejectReason.NOTHING_TO_REDUCE


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_an_exit_without_a_position_is_refused(side: Side) -> None:
    core = ready()
    assert refused(core, exit_intent(1, side=side)).reason is RejectReason.NOTHING_TO_REDUCE
    approved(core, intent(2))
    assert refused(core, exit_intent(3, side=side)).reason is RejectReason.NOTHING_TO_REDUCE


def test_an_exit_passes_where_an_entry_would_not() -> None:
    core = ready(max_market_age_ms=1)
    opened(core)
    later = T0 + SECOND
    assert refused(core, intent(2), later).reason is RejectReason.STALE_MARKET
    approved(core, exit_intent(3), later)


def test_a_market_that_is_not_live_takes_no_entries() -> None:
    core = ready()
    for state in (MarketState.DISCONNECTED, MarketState.LIVE):
        core.handle(MarketStatus(symbol="BTCUSDT", state=state, reason="", event_ns=T0, received_ns=T0), T0)
        if state is MarketState.LIVE:
            approved(core, intent(2))
        else:
            assert refused(core, intent(1)).reason is RejectReason.STALE_MARKET


@pytest.mark.parametrize("topic", ["quote.BTCUSDT", "market.BTCUSDT"])
def test_a_gap_in_market_data_lasts_until_the_next_quote(topic: str) -> None:
    core = ready()
    core.handle(InputGap(topic=topic, missing=3, event_ns=T0, received_ns=T0), T0)
    assert refused(core, intent(1)).reason is RejectReason.STALE_MARKET
    core.handle(quote(update_id=2), T0)
    approved(core, intent(2))


def test_lost_reports_stop_entries_until_an_operator_looks() -> None:
    core = ready()
    core.handle(InputGap(topic="reports", missing=3, event_ns=T0, received_ns=T0), T0)
    refusal = refused(core, intent(1))
    assert refusal.reason is RejectReason.BREAKER_OPEN
    assert "lost 3 reports" in refusal.detail


@pytest.mark.parametrize("wanted", ["NaN", "Infinity", "0", "-1", "0.0001"])
def test_a_quantity_that_is_none_is_refused(wanted: str) -> None:
    assert refused(ready(), intent(1, wanted)).reason is RejectReason.INVALID_QUANTITY


def test_a_fill_delivered_again_is_booked_once() -> None:
    core = ready()
    order = approved(core, intent(1, "2"))
    first = fill_of(order, "100", "1")
    assert core.handle(first, T0)
    assert core.handle(first, T0) == ()
    last = fill_of(order, "100", "1", number=2, remaining="0")
    assert core.handle(last, T0)
    assert core.handle(last, T0) == ()
    assert core.handle(first, T0) == ()
    assert (core.status()["fills"], core.status()["repeated_fills"]) == (2, 3)


def test_a_fill_of_an_unknown_order_is_never_lost() -> None:
    core, other = ready(), ready()
    fill = fill_of(approved(other, intent(9)), "100")
    (position, _) = core.handle(fill, T0)
    assert isinstance(position, PositionChanged)
    assert position.quantity == 1
    assert core.handle(fill, T0) == ()
    assert core.status()["unknown_order_fills"] == 1


def test_a_fill_after_the_cancel_still_counts() -> None:
    core = ready()
    order = approved(core, intent(1, "2"))
    core.handle(fill_of(order, "100", "1"), T0)
    core.handle(cancelled(order, "1"), T0)
    assert core.handle(fill_of(order, "100", "1", number=2), T0)
    assert core.status()["positions"][0]["quantity"] == "2"


def test_a_cancel_goes_out_once_and_only_for_an_open_order() -> None:
    core = ready()
    asked = intent(1, order_type=OrderType.LIMIT, limit_price=D(90))
    order = approved(core, asked)
    wanted = cancel_of(order.id)
    assert core.handle(wanted, T0) == (
        ApprovedCancel(id=wanted.id, order_id=order.id, symbol="BTCUSDT", cause=wanted.id, event_ns=T0, received_ns=T0),
    )
    assert core.handle(wanted, T0) == ()
    core.handle(cancelled(order, "1"), T0)
    assert core.handle(wanted, T0) == ()
    assert core.handle(cancel_of(f"{RUNNER}-99"), T0) == ()
    assert core.status()["ignored_cancels"] == 3


def test_reports_of_orders_that_ended_are_counted_and_ignored() -> None:
    core = ready()
    order = approved(core, intent())
    accepted = OrderAccepted(
        order_id=order.id, intent_id=order.id, runner=RUNNER, symbol="BTCUSDT", venue="v", cause=order.id,
        event_ns=T0, received_ns=T0,
    )  # fmt: skip
    for report in (accepted, accepted, rejected(order), rejected(order), cancelled(order), accepted):
        assert core.handle(report, T0) == ()
    assert core.status()["ignored_reports"] == 4


def test_what_it_does_not_hear_it_ignores() -> None:
    core = ready()
    before = core.snapshot()
    unheard: list[AnyMessage] = [Heartbeat(service="signal", last={}, event_ns=T0, received_ns=T0)]
    assert [core.handle(message, T0) for message in unheard] == [()]
    assert core.on_deadline(T0) == ()
    assert core.next_deadline_ns() is None
    assert core.snapshot() == before


def test_a_command_it_does_not_know_is_counted() -> None:
    core = ready()
    command = OperatorCommand(id="1", service="risk_manager", name="dance", arguments={}, event_ns=T0, received_ns=T0)
    assert core.handle(command, T0) == ()
    assert core.status()["ignored_commands"] == 1
