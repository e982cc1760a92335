"""Orders with terms at the venue that looks closer, one statement a test, by the fill models it can have."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import CancelReason, OrderTerms, OrderType, Side, TimeInForce, TriggerBy, VenueRejectReason
from services.execution.core.venue import (
    VenueCancelled,
    VenueFilled,
    VenueOrder,
    VenueRejected,
    VenueReport,
    VenueTriggered,
)
from tests.unit.execution.builders import venue_order
from tests.unit.execution.test_observed import Place, fills
from tests.unit.risk_manager.builders import D

BUY, SELL = Side.BUY, Side.SELL
BOOKS = ("depth", "queue", "orders")
ASKS = [(100.02, 1.0), (100.05, 2.0)]
BIDS = [(100.0, 1.0), (99.95, 2.0)]


def shown(model: str) -> Place:
    place = Place(model, slippage_bps=0)
    place.book(BIDS, ASKS)
    return place


def send(place: Place, order: VenueOrder) -> list[VenueReport]:
    return list(place.venue.submit(order, place.now_ns))


def stop(trigger: str, side: Side = SELL, quantity: str = "1", **terms: object) -> VenueOrder:
    made = OrderTerms(trigger_price=D(trigger), **terms)  # type: ignore[arg-type]  # the keys are a test's own
    return venue_order(1, side, quantity, order_type=OrderType.STOP, terms=made)


@pytest.mark.parametrize("model", BOOKS)
def test_a_stop_walks_the_book_that_is_there_when_it_is_triggered(model: str) -> None:
    place = shown(model)
    assert len(send(place, stop("99", quantity="3"))) == 1
    assert not place.change(bids=[(100.0, 0.0)])
    triggered, *rest = place.change(bids=[(99.95, 0.0), (98.0, 1.0), (97.0, 5.0)])
    assert triggered == VenueTriggered("o-1")
    assert fills(rest) == [(D(98), D(1)), (D(97), D(2))]


def test_a_stop_among_trades_fills_with_the_trade_after_the_one_that_triggers_it() -> None:
    place = Place("trades", slippage_bps=0)
    place.trade(100.0)
    send(place, stop("99"))
    assert not place.trade(99.01)
    assert place.trade(98.5) == [VenueTriggered("o-1")]
    assert fills(place.trade(97.0)) == [(D(97), D(1))]


def test_a_trailing_stop_follows_the_latest_trade() -> None:
    place = Place("trades", slippage_bps=0)
    place.trade(100.0)
    send(place, venue_order(1, SELL, order_type=OrderType.TRAILING_STOP, terms=OrderTerms(trail_bps=D(100))))
    assert not place.trade(120.0)
    assert not place.trade(118.81)
    assert place.trade(118.8) == [VenueTriggered("o-1")]


@pytest.mark.parametrize("model", BOOKS)
def test_a_trigger_may_look_at_trades_beside_a_book(model: str) -> None:
    place = shown(model)
    (rejected,) = send(place, stop("99", trigger_by=TriggerBy.LAST))
    assert isinstance(rejected, VenueRejected)
    assert rejected.reason is VenueRejectReason.NO_MARKET
    place.trade(100.01)
    send(place, stop("99", trigger_by=TriggerBy.LAST))
    assert place.trade(99.0)[0] == VenueTriggered("o-1")


@pytest.mark.parametrize("model", BOOKS)
def test_fill_or_kill_is_all_that_is_shown_or_nothing(model: str) -> None:
    place = shown(model)
    kill = venue_order(1, BUY, "3.5", "101", time_in_force=TimeInForce.FOK)
    assert send(place, kill)[1:] == [VenueCancelled("o-1", D("3.5"), CancelReason.UNFILLED)]
    whole = venue_order(2, BUY, "3", "101", time_in_force=TimeInForce.FOK)
    assert fills(send(place, whole)) == [(D("100.02"), D(1)), (D("100.05"), D(2))]
    some = venue_order(3, SELL, "9", "99.95", time_in_force=TimeInForce.IOC)
    reports = send(place, some)
    assert sum(quantity for _, quantity in fills(reports)) == D(3)
    assert reports[-1] == VenueCancelled("o-3", D(6), CancelReason.UNFILLED)


@pytest.mark.parametrize("model", ["trades", *BOOKS])
def test_post_only_makes_or_is_rejected(model: str) -> None:
    place = shown(model)
    place.trade(100.01)
    (rejected,) = send(place, venue_order(1, BUY, limit="100.05", terms=OrderTerms(post_only=True)))
    assert isinstance(rejected, VenueRejected)
    assert rejected.reason is VenueRejectReason.WOULD_TAKE
    assert len(send(place, venue_order(2, BUY, limit="100", terms=OrderTerms(post_only=True)))) == 1


@pytest.mark.parametrize("model", ["trades", *BOOKS])
def test_an_order_that_ends_by_time_ends(model: str) -> None:
    place = shown(model)
    place.trade(100.01)
    terms = OrderTerms(expires_ns=place.now_ns + 5)
    send(place, venue_order(1, BUY, limit="90", time_in_force=TimeInForce.GTD, terms=terms))
    assert place.venue.next_expiry_ns() == terms.expires_ns
    assert place.venue.expire(terms.expires_ns) == [VenueCancelled("o-1", D(1), CancelReason.EXPIRED)]
    assert place.venue.next_expiry_ns() is None


@pytest.mark.parametrize("model", BOOKS)
def test_a_part_takes_the_other_of_a_group_off(model: str) -> None:
    place = shown(model)
    send(place, venue_order(1, SELL, "3", "101", terms=OrderTerms(oco="exit")))
    send(place, venue_order(2, SELL, "3", order_type=OrderType.STOP, terms=OrderTerms(trigger_price=D(99), oco="exit")))
    reports = place.quote(101.0, 101.02, size=1.0)
    assert fills(reports) == [(D(101), D(1))]
    assert [each for each in reports if isinstance(each, VenueCancelled)] == [
        VenueCancelled("o-2", D(3), CancelReason.OCO)
    ]


def test_an_amend_that_only_makes_it_smaller_keeps_the_place_in_the_queue() -> None:
    for price, ahead in (("100", 0), ("99.95", 1)):
        place = shown("queue")
        send(place, venue_order(1, BUY, "2", "100"))
        place.trade(100.0, 1.0)
        place.venue.amend(venue_order(1, BUY, "1", price), place.now_ns)
        assert bool(fills(place.trade(100.0, 1.0))) is not bool(ahead)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), st.integers(9_990, 10_010), st.integers(1, 3)),
        st.tuples(st.just("trade"), st.integers(9_985, 10_015), st.integers(1, 3)),
        st.tuples(st.just("order"), st.integers(9_990, 10_010), st.integers(1, 4)),
        st.tuples(st.just("stop"), st.integers(9_990, 10_010), st.integers(1, 4)),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(st.sampled_from(["trades", *BOOKS]), STEPS)
def test_a_group_never_fills_more_than_its_largest(model: str, steps: Sequence[tuple[str, int, int]]) -> None:
    place = Place(model, slippage_bps=0)
    place.book([(100.0, 2.0)], [(100.02, 2.0)])
    place.trade(100.0)
    filled, largest = Decimal(0), Decimal(0)
    for number, (what, tick, size) in enumerate(steps):
        price = tick / 100
        if what == "book":
            reports = place.book([(price, float(size)), (price - 0.01, 1.0)], [(price + 0.02, float(size))])
        elif what == "trade":
            reports = place.trade(price, float(size))
        elif filled or largest:  # all of the group are there from the beginning
            continue
        else:
            terms = OrderTerms(oco="g")
            first = venue_order(2 * number, SELL, str(size), str(D(tick) / 100 + 1), terms=terms)
            low = OrderTerms(oco="g", trigger_price=D(tick) / 100 - 1)
            second = venue_order(2 * number + 1, SELL, str(size), order_type=OrderType.STOP, terms=low)
            largest = D(size)
            reports = [*send(place, first), *send(place, second)]
        filled += sum((each.quantity for each in reports if isinstance(each, VenueFilled)), Decimal(0))
        assert filled <= largest
        standing = [order.quantity for order in place.venue.open_orders()]
        assert all(filled + quantity <= largest for quantity in standing)
