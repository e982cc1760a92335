"""Each type of order at the simulated venue: when it is triggered, what it then pays, how it ends; by hand."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from common.messages import (
    CancelReason,
    Liquidity,
    OrderTerms,
    OrderType,
    Side,
    TimeInForce,
    TriggerBy,
    VenueRejectReason,
)
from services.execution.core.venue import (
    VenueAccepted,
    VenueAmended,
    VenueAmendRejected,
    VenueCancelled,
    VenueFilled,
    VenueOrder,
    VenueRejected,
    VenueReport,
    VenueTriggered,
)
from services.execution.core.venues.simulated import SimulatedVenue
from tests.unit.execution.builders import venue, venue_order
from tests.unit.risk_manager.builders import T0, D, quote

BUY, SELL = Side.BUY, Side.SELL
SPREAD = 0.02


def trading(mid: float = 100.0) -> SimulatedVenue:
    made = venue(slippage_bps=0)
    show(made, mid)
    return made


def show(at: SimulatedVenue, bid: float, now_ns: int = T0) -> Sequence[VenueReport]:
    """Show a bid, the ask two ticks above it."""
    return at.observe(quote(bid, round(bid + SPREAD, 2)), now_ns)


def order(kind: OrderType, side: Side, *, number: int = 1, limit: str = "", **terms: Any) -> VenueOrder:
    in_force = terms.pop("in_force", TimeInForce.GTC)
    prices: dict[str, Any] = {key: D(terms[key]) for key in ("trigger_price", "trail", "trail_bps") if key in terms}
    made = OrderTerms(**{**terms, **prices}) if terms else None
    return venue_order(number, side, limit=limit, order_type=kind, time_in_force=in_force, terms=made)


def fills(reports: Sequence[VenueReport]) -> list[tuple[str, Decimal, Liquidity]]:
    return [(each.order_id, each.price, each.liquidity) for each in reports if isinstance(each, VenueFilled)]


def taken(price: str, order_id: str = "o-1") -> list[tuple[str, Decimal, Liquidity]]:
    return [(order_id, D(price), Liquidity.TAKER)]


@pytest.mark.parametrize(
    ("kind", "side", "trigger", "quiet", "hit", "price"),
    [
        (OrderType.STOP, BUY, "101", 100.97, 100.98, "101.00"),
        (OrderType.STOP, BUY, "101", 100.97, 105.0, "105.02"),  # a gap: the price there is
        (OrderType.STOP, SELL, "99", 99.01, 99.0, "99.0"),
        (OrderType.STOP, SELL, "99", 99.01, 90.0, "90.0"),
        (OrderType.TAKE_PROFIT, BUY, "99", 98.99, 98.98, "99.00"),
        (OrderType.TAKE_PROFIT, SELL, "101", 100.99, 101.0, "101.0"),
    ],
)
def test_a_trigger_makes_a_market_order(
    kind: OrderType, side: Side, trigger: str, quiet: float, hit: float, price: str
) -> None:
    at = trading()
    assert at.submit(order(kind, side, trigger_price=trigger), T0) == [VenueAccepted("o-1", is_armed=True)]
    assert not show(at, quiet)
    reports = show(at, hit)
    assert reports[0] == VenueTriggered("o-1")
    assert [fill[1] for fill in fills(reports)] == [D(price)]
    assert not at.open_orders()


def test_a_stop_beyond_which_the_market_is_already_triggers_at_once() -> None:
    at = trading()
    accepted, triggered, fill = at.submit(order(OrderType.STOP, SELL, trigger_price="101"), T0)
    assert (accepted, triggered) == (VenueAccepted("o-1", is_armed=True), VenueTriggered("o-1"))
    assert fills([fill]) == taken("100.0")


def test_a_stop_limit_whose_market_jumped_rests_at_its_limit() -> None:
    at = trading()
    at.submit(order(OrderType.STOP_LIMIT, SELL, limit="98", trigger_price="99"), T0)
    assert list(show(at, 95.0)) == [VenueTriggered("o-1")]
    assert not show(at, 97.99)
    assert fills(show(at, 98.0)) == [("o-1", D(98), Liquidity.MAKER)]


def test_a_stop_limit_within_its_limit_takes() -> None:
    at = trading()
    at.submit(order(OrderType.STOP_LIMIT, BUY, limit="102", trigger_price="101"), T0)
    assert fills(show(at, 101.5)) == taken("101.52")


@pytest.mark.parametrize("in_force", [TimeInForce.IOC, TimeInForce.FOK])
def test_a_stop_limit_may_die_as_it_is_triggered(in_force: TimeInForce) -> None:
    at = trading()
    at.submit(order(OrderType.STOP_LIMIT, SELL, limit="98", trigger_price="99", in_force=in_force), T0)
    assert list(show(at, 95.0)) == [VenueTriggered("o-1"), VenueCancelled("o-1", D(1), CancelReason.UNFILLED)]


def test_a_take_profit_limit_is_a_limit_once_it_is_touched() -> None:
    at = trading()
    at.submit(order(OrderType.TAKE_PROFIT_LIMIT, SELL, limit="105", trigger_price="101"), T0)
    assert list(show(at, 101.0)) == [VenueTriggered("o-1")]
    show(at, 90.0)
    assert fills(show(at, 105.0)) == [("o-1", D(105), Liquidity.MAKER)]


def test_a_trailing_stop_follows_in_its_favour_alone() -> None:
    at = trading()
    at.submit(order(OrderType.TRAILING_STOP, SELL, trail="2"), T0)
    for bid in (98.01, 110.0, 108.01, 109.0):
        assert not show(at, bid)
    assert fills(show(at, 107.5)) == taken("107.5")


def test_a_trailing_stop_of_a_buyer_by_basis_points_lies_on_the_tick_farther_away() -> None:
    at = trading()
    at.submit(order(OrderType.TRAILING_STOP, BUY, trail_bps="33"), T0)  # 100.02 + 0.330066 -> 100.36
    assert not show(at, 100.33)
    assert fills(show(at, 100.34)) == taken("100.36")


def test_a_trigger_may_look_at_the_middle() -> None:
    at = trading()
    at.submit(order(OrderType.STOP, SELL, trigger_price="99.01", trigger_by=TriggerBy.MID), T0)
    assert not show(at, 99.01)
    assert fills(show(at, 99.0)) == taken("99.0")


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (order(OrderType.STOP, SELL, trigger_price="99", trigger_by=TriggerBy.LAST), VenueRejectReason.UNSUPPORTED),
        (order(OrderType.STOP, SELL), VenueRejectReason.UNSUPPORTED),
        (order(OrderType.STOP, SELL, trigger_price="99.001"), VenueRejectReason.INVALID_PRICE),
        (order(OrderType.STOP, SELL, trigger_price="99", in_force=TimeInForce.IOC), VenueRejectReason.UNSUPPORTED),
        (order(OrderType.TRAILING_STOP, SELL, trail="1", trail_bps="5"), VenueRejectReason.UNSUPPORTED),
        (order(OrderType.MARKET, SELL, post_only=True), VenueRejectReason.UNSUPPORTED),
        (order(OrderType.LIMIT, BUY, limit="100.02", post_only=True), VenueRejectReason.WOULD_TAKE),
        (order(OrderType.LIMIT, BUY, limit="90", in_force=TimeInForce.GTD), VenueRejectReason.UNSUPPORTED),
        (order(OrderType.LIMIT, BUY, limit="90", in_force=TimeInForce.GTD, expires_ns=T0), VenueRejectReason.EXPIRED),
    ],
)
def test_what_does_not_go_together_is_rejected(wanted: VenueOrder, reason: VenueRejectReason) -> None:
    (rejected,) = trading().submit(wanted, T0)
    assert isinstance(rejected, VenueRejected)
    assert rejected.reason is reason


def test_a_post_only_order_makes_or_is_cancelled() -> None:
    at = trading()
    at.submit(order(OrderType.LIMIT, BUY, limit="100.01", post_only=True), T0)
    assert fills(show(at, 99.99)) == [("o-1", D("100.01"), Liquidity.MAKER)]
    at.submit(order(OrderType.STOP_LIMIT, BUY, number=2, limit="103", trigger_price="101", post_only=True), T0)
    assert list(show(at, 102.0)) == [VenueTriggered("o-2"), VenueCancelled("o-2", D(1), CancelReason.WOULD_TAKE)]


def test_orders_end_at_their_time_the_earliest_first() -> None:
    at = trading()
    for number, later in ((1, 30), (2, 10), (3, 20)):
        at.submit(
            order(OrderType.LIMIT, BUY, number=number, limit="90", in_force=TimeInForce.GTD, expires_ns=T0 + later),
            T0,
        )
    assert at.next_expiry_ns() == T0 + 10
    assert not at.expire(T0 + 9)
    assert [each.order_id for each in at.expire(T0 + 20) if isinstance(each, VenueCancelled)] == ["o-2", "o-3"]
    at.cancel("o-1", "BTCUSDT", T0)
    assert at.next_expiry_ns() is None


def test_one_cancels_the_other() -> None:
    at = trading()
    at.submit(order(OrderType.LIMIT, SELL, limit="110", oco="exit"), T0)
    at.submit(order(OrderType.STOP, SELL, number=2, trigger_price="95", oco="exit"), T0)
    at.submit(order(OrderType.STOP, SELL, number=3, trigger_price="95", oco="another"), T0)
    triggered, fill, cancelled, *others = show(at, 94.0)
    assert (triggered, cancelled) == (VenueTriggered("o-2"), VenueCancelled("o-1", D(1), CancelReason.OCO))
    assert fills([fill]) == taken("94.0", "o-2")
    assert fills(others) == taken("94.0", "o-3")


def test_a_smaller_fill_takes_the_whole_other_off() -> None:
    at = trading()
    at.submit(venue_order(1, SELL, "3", "110", terms=OrderTerms(oco="exit")), T0)
    at.submit(venue_order(2, SELL, "1", "105", terms=OrderTerms(oco="exit")), T0)
    assert show(at, 106.0)[1:] == [VenueCancelled("o-1", D(3), CancelReason.OCO)]


def test_an_amended_trigger_may_be_reached_at_once() -> None:
    at = trading()
    at.submit(order(OrderType.STOP, SELL, trigger_price="95"), T0)
    near = order(OrderType.STOP, SELL, trigger_price="99")
    assert at.amend(near, T0) == [VenueAmended(near)]
    there = order(OrderType.STOP, SELL, trigger_price="100")
    amended, triggered, fill = at.amend(there, T0)
    assert (amended, triggered) == (VenueAmended(there), VenueTriggered("o-1"))
    assert fills([fill]) == taken("100.0")


def test_an_order_that_becomes_smaller_keeps_its_place_and_post_only_keeps_its_word() -> None:
    at = trading()
    first, second = (
        venue_order(number, quantity="2", limit="90", terms=OrderTerms(post_only=True)) for number in (1, 2)
    )
    at.submit(first, T0)
    at.submit(second, T0)
    at.amend(venue_order(1, quantity="1", limit="90", terms=OrderTerms(post_only=True)), T0)
    assert [each.id for each in at.open_orders()] == ["o-1", "o-2"]
    (rejected,) = at.amend(venue_order(2, quantity="2", limit="101"), T0)
    assert isinstance(rejected, VenueAmendRejected)
    assert rejected.reason is VenueRejectReason.WOULD_TAKE
    assert at.open_orders()[1] == second


def test_what_waits_outlasts_a_restart() -> None:
    at, again = trading(), venue(slippage_bps=0)
    at.submit(order(OrderType.TRAILING_STOP, SELL, trail="2", in_force=TimeInForce.GTD, expires_ns=T0 + 5), T0)
    show(at, 110.0)
    again.restore(at.snapshot())
    assert again.snapshot() == at.snapshot()
    assert again.next_expiry_ns() == T0 + 5
    assert fills(show(again, 107.9)) == taken("107.9")
