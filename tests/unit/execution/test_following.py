"""What execution makes of a venue that fills in parts, refuses cancels, and reports what cannot be."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, override

import pytest

from common.messages import (
    AmendRejected,
    AnyMessage,
    ApprovedAmend,
    CancelReason,
    Fill,
    InputGap,
    Liquidity,
    MarketStatus,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderRejected,
    OrderTerms,
    OrderType,
    Quote,
    Side,
    VenueRejectReason,
)
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.life_cycle import OrderState
from services.execution.core.venue import (
    ExecutionVenue,
    VenueAccepted,
    VenueAmended,
    VenueAmendRejected,
    VenueCancelled,
    VenueCancelRejected,
    VenueFilled,
    VenueOrder,
    VenueRejected,
    VenueReport,
)
from tests.unit.execution.builders import approved_cancel, approved_order, section
from tests.unit.risk_manager.builders import T0, D, instruments, quote

ORDER = approved_order(1, "3")
ID = ORDER.id


class ScriptedVenue(ExecutionVenue):
    """A venue that reports what the test tells it to, whatever it is asked."""

    def __init__(self) -> None:
        self.reports: list[VenueReport] = []
        self.submitted: list[VenueOrder] = []

    def take(self) -> Sequence[VenueReport]:
        reports, self.reports = self.reports, []
        return reports

    @property
    @override
    def name(self) -> str:
        return "scripted"

    @override
    def submit(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        self.submitted.append(order)
        return self.take()

    @override
    def cancel(self, order_id: str, symbol: str, now_ns: int) -> Sequence[VenueReport]:
        return self.take()

    @override
    def amend(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        return self.take()

    @override
    def next_expiry_ns(self) -> int | None:
        return None

    @override
    def expire(self, now_ns: int) -> Sequence[VenueReport]:
        return self.take()

    @override
    def open_orders(self) -> Sequence[VenueOrder]:
        return self.submitted

    @override
    def positions(self) -> Mapping[str, Decimal]:
        return {}

    @override
    def fills_since(self, number: int) -> Sequence[VenueFilled]:
        return ()

    @override
    def observe(self, message: Quote | MarketStatus | InputGap, now_ns: int) -> Sequence[VenueReport]:
        return self.take()

    @override
    def snapshot(self) -> bytes:
        return b""

    @override
    def restore(self, state: bytes) -> None:
        assert not state

    @override
    def status(self) -> dict[str, Any]:
        return {}


class Desk:
    """A core on a scripted venue."""

    def __init__(self) -> None:
        self.venue = ScriptedVenue()
        self.core = ExecutionCore(section(), instruments(), self.venue)

    def report(self, *reports: VenueReport) -> list[AnyMessage]:
        """Let the venue report on its own, as a quote comes in."""
        self.venue.reports = list(reports)
        return list(self.core.handle(quote(update_id=5), T0))

    def submit(self, *reports: VenueReport) -> list[AnyMessage]:
        self.venue.reports = list(reports)
        return list(self.core.handle(ORDER, T0))

    def cancel(self, *reports: VenueReport) -> list[AnyMessage]:
        self.venue.reports = list(reports)
        return list(self.core.handle(approved_cancel(ORDER), T0))

    @property
    def impossible(self) -> int:
        found = self.core.status()["impossible_events"]
        assert isinstance(found, int)
        return found


def part(quantity: str, order_id: str = ID) -> VenueFilled:
    return VenueFilled(order_id, 1, "BTCUSDT", Side.BUY, D(quantity), D(100), D("0.1"), "USDT", Liquidity.MAKER)


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    (accepted,) = made.submit(VenueAccepted(ID))
    assert isinstance(accepted, OrderAccepted)
    return made


def test_a_fill_in_parts_counts_down(desk: Desk) -> None:
    fills = [message for message in desk.report(part("1"), part("0.5"), part("1.5")) if isinstance(message, Fill)]
    assert [(fill.id, fill.remaining_quantity, fill.cause) for fill in fills] == [
        (f"{ID}-f1", D(2), "quote:BTCUSDT:5"),
        (f"{ID}-f2", D("1.5"), "quote:BTCUSDT:5"),
        (f"{ID}-f3", D(0), "quote:BTCUSDT:5"),
    ]
    assert desk.core.state_of(ID) is OrderState.FILLED
    assert desk.core.status()["holdings"] == {"BTCUSDT": "3"}


def test_a_cancel_that_is_refused_leaves_the_order_as_it_was(desk: Desk) -> None:
    desk.report(part("1"))
    assert desk.cancel(VenueCancelRejected(ID)) == []
    assert desk.core.state_of(ID) is OrderState.PARTIALLY_FILLED
    (cancelled,) = desk.cancel(VenueCancelled(ID, D(2)))
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.remaining_quantity == 2


def test_an_order_may_fill_while_its_cancel_is_on_its_way(desk: Desk) -> None:
    assert desk.cancel() == []
    assert desk.core.state_of(ID) is OrderState.PENDING_CANCEL
    assert desk.cancel() == []
    assert desk.impossible == 1
    first, last = desk.report(part("1"), part("2"))
    assert isinstance(first, Fill)
    assert isinstance(last, Fill)
    assert desk.core.state_of(ID) is OrderState.FILLED


def test_a_venue_may_cancel_on_its_own(desk: Desk) -> None:
    (cancelled,) = desk.report(VenueCancelled(ID, D(3)))
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.cause == "quote:BTCUSDT:5"


def test_an_amended_order_has_its_new_quantity_left(desk: Desk) -> None:
    amended = VenueOrder(ID, "BTCUSDT", Side.BUY, D(1), ORDER.order_type, ORDER.time_in_force)
    (told,) = desk.report(VenueAmended(amended))
    assert isinstance(told, OrderAmended)
    assert (told.quantity, told.remaining_quantity, told.cause) == (D(1), D(1), "quote:BTCUSDT:5")
    (fill,) = desk.report(part("1"))
    assert isinstance(fill, Fill)
    assert fill.remaining_quantity == 0
    assert desk.report(VenueAmended(amended)) == []
    assert desk.impossible == 1


@pytest.mark.parametrize(
    "report",
    [
        VenueAccepted("x"),
        VenueRejected("x", VenueRejectReason.NO_MARKET, ""),
        part("1", "x"),
        VenueCancelled("x", D(1)),
        VenueCancelRejected("x"),
        VenueAccepted(ID),
        VenueRejected(ID, VenueRejectReason.NO_MARKET, ""),
        VenueCancelRejected(ID),
    ],
)
def test_what_cannot_be_is_counted_and_said_to_nobody(desk: Desk, report: VenueReport) -> None:
    before = desk.core.state_of(ID)
    assert desk.report(report) == []
    assert desk.impossible == 1
    assert desk.core.state_of(ID) is before


def test_an_amend_is_answered_by_its_id(desk: Desk) -> None:
    wanted = ApprovedAmend(
        id="a-1", order_id=ID, symbol="BTCUSDT", cause="a-1", quantity=D(2), event_ns=T0, received_ns=T0
    )
    assert list(desk.core.handle(wanted, T0)) == []
    assert desk.core.state_of(ID) is OrderState.PENDING_AMEND
    (again,) = desk.core.handle(wanted, T0)
    assert isinstance(again, AmendRejected)
    assert again.reason is VenueRejectReason.UNKNOWN_ORDER
    smaller = VenueOrder(ID, "BTCUSDT", Side.BUY, D(2), ORDER.order_type, ORDER.time_in_force)
    by_itself, amended = desk.report(VenueAmended(smaller, CancelReason.OCO), VenueAmended(smaller))
    assert isinstance(by_itself, OrderAmended)
    assert isinstance(amended, OrderAmended)
    assert (by_itself.cause, amended.cause) == ("quote:BTCUSDT:5", "a-1")
    desk.core.handle(wanted, T0)
    (refused,) = desk.report(VenueAmendRejected(ID, VenueRejectReason.WOULD_TAKE, "why"))
    assert isinstance(refused, AmendRejected)
    assert (refused.cause, refused.reason, refused.detail) == ("a-1", VenueRejectReason.WOULD_TAKE, "why")
    assert desk.core.state_of(ID) is OrderState.ACCEPTED
    assert desk.impossible == 0


def test_an_order_that_fills_unheard_was_triggered() -> None:
    desk = Desk()
    armed = approved_order(1, "3", order_type=OrderType.STOP, terms=OrderTerms(trigger_price=D(101)))
    desk.venue.reports = [VenueAccepted(ID, is_armed=True)]
    desk.core.handle(armed, T0)
    assert desk.core.state_of(ID) is OrderState.ARMED
    (fill,) = desk.report(part("1"))
    assert isinstance(fill, Fill)
    assert desk.core.state_of(ID) is OrderState.PARTIALLY_FILLED
    assert desk.impossible == 0


def test_a_rejection_ends_the_order() -> None:
    desk = Desk()
    (rejected,) = desk.submit(VenueRejected(ID, VenueRejectReason.INVALID_PRICE, "why"))
    assert isinstance(rejected, OrderRejected)
    assert (rejected.detail, rejected.venue) == ("why", "scripted")
    assert desk.core.state_of(ID) is OrderState.REJECTED
    assert desk.core.state_of("never heard of") is None
