"""The observed venue and its fill models `trades`, `depth`, `queue` and `orders`: who trades, when, at what price, and how much."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import (
    BookSnapshot,
    BookUpdate,
    CancelReason,
    InputGap,
    Level,
    Liquidity,
    MarketState,
    MarketStatus,
    QueueMoved,
    Quote,
    Side,
    TimeInForce,
    Trade,
    VenueRejectReason,
)
from services.execution.core.fills.shown import FillModel
from services.execution.core.making import MODELS
from services.execution.core.venue import VenueAccepted, VenueCancelled, VenueFilled, VenueRejected, VenueReport
from services.execution.core.venues.observed import ObservedVenue, Seen
from tests.unit.execution.builders import section, venue_order
from tests.unit.risk_manager.builders import T0, D, instruments

BIDS: list[Level] = [(99.0, 2.0), (98.0, 3.0), (97.0, 10.0)]
ASKS: list[Level] = [(101.0, 2.0), (102.0, 3.0), (103.0, 10.0)]
FREE = {"slippage_bps": 0, "taker_fee_bps": 0, "maker_fee_bps": 0}


class Place:
    """A venue, and a clock that moves on with everything that is shown."""

    def __init__(self, model: str, **changes: int) -> None:
        self.venue = ObservedVenue(section(**{**FREE, **changes}), instruments(), as_model(model))
        self.now_ns, self.number = T0, 0

    def see(self, message: Seen) -> list[VenueReport]:
        return list(self.venue.observe(message, self.now_ns))

    def _next(self) -> int:
        self.now_ns += 1_000
        self.number += 1
        return self.number

    def trade(self, price: float, size: float = 1.0, side: Side = Side.SELL) -> list[VenueReport]:
        number = self._next()
        return self.see(Trade(
            symbol="BTCUSDT", price=price, size=size, side=side, trade_id=number, first_trade_id=number,
            event_ns=self.now_ns, received_ns=self.now_ns,
        ))  # fmt: skip

    def book(self, bids: list[Level] = BIDS, asks: list[Level] = ASKS) -> list[VenueReport]:
        return self.see(BookSnapshot(
            symbol="BTCUSDT", update_id=self._next(), bids=bids, asks=asks, event_ns=self.now_ns,
            received_ns=self.now_ns,
        ))  # fmt: skip

    def change(self, bids: Sequence[Level] = (), asks: Sequence[Level] = (), skip: int = 0) -> list[VenueReport]:
        number = self._next()
        self.number += skip
        return self.see(BookUpdate(
            symbol="BTCUSDT", first_update_id=number + skip, update_id=number + skip, bids=list(bids),
            asks=list(asks), event_ns=self.now_ns, received_ns=self.now_ns,
        ))  # fmt: skip

    def moved(self, price: float, size: float, ahead: float) -> list[VenueReport]:
        self._next()
        return self.see(QueueMoved(
            symbol="BTCUSDT", side=Side.BUY, price=price, size=size, ahead=ahead, event_ns=self.now_ns,
            received_ns=self.now_ns,
        ))  # fmt: skip

    def quote(self, bid: float, ask: float, size: float = 1.0) -> list[VenueReport]:
        return self.see(Quote(
            symbol="BTCUSDT", bid=bid, bid_size=size, ask=ask, ask_size=size, update_id=self._next(),
            event_ns=self.now_ns, received_ns=self.now_ns,
        ))  # fmt: skip

    def order(self, number: int = 1, side: Side = Side.BUY, quantity: str = "1", limit: str = "") -> list[VenueReport]:
        return list(self.venue.submit(venue_order(number, side, quantity, limit), self.now_ns))


def as_model(name: str) -> FillModel:
    model: FillModel = MODELS[name]
    return model


def fills(reports: Sequence[VenueReport]) -> list[tuple[Decimal, Decimal]]:
    return [(each.price, each.quantity) for each in reports if isinstance(each, VenueFilled)]


def left(reports: Sequence[VenueReport]) -> list[Decimal]:
    return [each.remaining for each in reports if isinstance(each, VenueCancelled)]


# Trades alone.


def test_trades_a_market_order_fills_at_the_next_trade_and_never_at_the_last() -> None:
    place = Place("trades")
    place.trade(100.0)
    assert place.order(quantity="3") == [VenueAccepted("o-1")]
    assert fills(place.trade(105.0)) == [(D(105), D(3))]


def test_trades_at_the_very_time_of_arrival_were_there_before() -> None:
    place = Place("trades")
    place.trade(100.0)
    place.order()
    place.now_ns -= 1_000
    assert place.trade(105.0) == []
    assert fills(place.trade(106.0)) == [(D(106), D(1))]


def test_trades_a_market_order_pays_slippage_on_the_next_trade() -> None:
    place = Place("trades", slippage_bps=100)
    place.trade(100.0)
    place.order()
    place.order(2, Side.SELL)
    assert fills(place.trade(200.0)) == [(D(202), D(1)), (D(198), D(1))]


@pytest.mark.parametrize(("side", "beyond"), [(Side.BUY, 98.99), (Side.SELL, 99.01)])
def test_trades_a_limit_needs_a_trade_through_it(side: Side, beyond: float) -> None:
    place = Place("trades")
    place.trade(100.0 if side is Side.BUY else 98.0)
    place.order(side=side, limit="99")
    assert place.trade(99.0, 1_000.0) == []
    (report,) = place.trade(beyond, 0.001)
    assert isinstance(report, VenueFilled)
    assert (report.price, report.quantity, report.liquidity) == (D(99), D(1), Liquidity.MAKER)


def test_trades_a_limit_that_reaches_the_market_takes_with_the_next_trade_no_worse_than_itself() -> None:
    place = Place("trades", slippage_bps=500)
    place.trade(100.0)
    place.order(limit="101")
    assert fills(place.trade(100.0)) == [(D(101), D(1))]
    place.order(2, limit="101")
    assert place.trade(103.0) == []
    assert fills(place.trade(100.5)) == [(D(101), D(1))]


def test_trades_an_immediate_order_that_the_next_trade_does_not_reach_is_cancelled() -> None:
    place = Place("trades")
    place.trade(100.0)
    place.venue.submit(venue_order(1, limit="99", time_in_force=TimeInForce.IOC), place.now_ns)
    assert place.trade(100.0) == [VenueCancelled("o-1", D(1), CancelReason.UNFILLED)]


# The book.


def test_depth_a_market_order_walks_the_book_one_fill_a_level() -> None:
    place = Place("depth")
    place.book()
    reports = place.order(quantity="6")
    assert fills(reports) == [(D(101), D(2)), (D(102), D(3)), (D(103), D(1))]
    assert D(place.venue.status()["slippage_paid"]["USDT"]) == 3 * 1 + 1 * 2


def test_depth_what_the_known_book_does_not_hold_is_cancelled() -> None:
    place = Place("depth")
    place.book()
    reports = place.order(side=Side.SELL, quantity="20")
    assert fills(reports) == [(D(99), D(2)), (D(98), D(3)), (D(97), D(10))]
    assert left(reports) == [D(5)]


def test_depth_a_limit_order_takes_up_to_its_price_and_rests_with_what_is_left() -> None:
    place = Place("depth")
    place.book()
    assert fills(place.order(quantity="9", limit="102")) == [(D(101), D(2)), (D(102), D(3))]
    assert [order.quantity for order in place.venue.open_orders()] == [D(4)]
    assert fills(place.trade(101.9, 0.5)) == [(D(102), D(4))]
    assert place.venue.open_orders() == []


def test_depth_nobody_trades_the_same_size_twice() -> None:
    place = Place("depth")
    place.book()
    place.order(1, quantity="2")
    assert fills(place.order(2, quantity="1")) == [(D(102), D(1))]
    place.change(asks=[(101.0, 4.0)])
    assert fills(place.order(3, quantity="1")) == [(D(101), D(1))]


def test_depth_a_newer_quote_lies_over_an_older_book() -> None:
    place = Place("depth")
    place.book()
    place.quote(99.5, 102.0, 0.5)
    assert fills(place.order(quantity="1")) == [(D(102), D("0.5")), (D(103), D("0.5"))]
    assert fills(place.order(2, Side.SELL, "1")) == [(D("99.5"), D("0.5")), (D(99), D("0.5"))]


def test_depth_a_touch_of_the_limit_fills_what_is_offered_there() -> None:
    place = Place("depth")
    place.book()
    place.order(quantity="3", limit="100")
    assert place.trade(100.0, 50.0) == []
    (report,) = place.quote(99.0, 100.0, 1.0)
    assert isinstance(report, VenueFilled)
    assert (report.price, report.quantity, report.liquidity) == (D(100), D(1), Liquidity.MAKER)
    assert place.venue.open_orders()[0].quantity == D(2)


def test_depth_a_hole_in_the_book_or_a_gap_or_a_dead_market_takes_no_orders() -> None:
    place = Place("depth")
    place.book()
    place.change(asks=[(101.0, 4.0)], skip=1)
    assert rejected(place.order(1))
    place.book()
    place.see(InputGap(topic="book.BTCUSDT", missing=1, event_ns=place.now_ns, received_ns=place.now_ns))
    assert rejected(place.order(2))
    place.book()
    status = MarketStatus(
        symbol="BTCUSDT", state=MarketState.STALE, reason="", event_ns=place.now_ns, received_ns=place.now_ns
    )
    place.see(status)
    assert rejected(place.order(3))


def rejected(reports: Sequence[VenueReport]) -> bool:
    return [each.reason for each in reports if isinstance(each, VenueRejected)] == [VenueRejectReason.NO_MARKET]


# The queue.


def test_queue_an_order_waits_until_all_before_it_have_traded() -> None:
    place = Place("queue")
    place.book()
    place.order(quantity="1", limit="99")
    assert place.trade(99.0, 1.5) == []
    assert fills(place.trade(99.0, 1.0)) == [(D(99), D("0.5"))]
    assert fills(place.trade(99.0, 5.0)) == [(D(99), D("0.5"))]


def test_queue_cancels_move_it_on_only_when_less_is_shown_than_was_ahead() -> None:
    place = Place("queue")
    place.book()
    place.order(quantity="1", limit="99")
    place.change(bids=[(99.0, 8.0)])
    place.change(bids=[(99.0, 0.5)])
    assert fills(place.trade(99.0, 1.0)) == [(D(99), D("0.5"))]


def test_queue_a_trade_of_the_own_side_moves_nobody_and_one_through_the_price_fills() -> None:
    place = Place("queue")
    place.book()
    place.order(quantity="1", limit="99")
    assert place.trade(99.0, 100.0, Side.BUY) == []
    assert fills(place.trade(98.5, 0.1)) == [(D(99), D(1))]


def test_queue_alone_at_its_price_it_is_first() -> None:
    place = Place("queue")
    place.book()
    place.order(quantity="1", limit="100")
    assert fills(place.trade(100.0, 0.25)) == [(D(100), D("0.25"))]


# Single orders.


def test_orders_who_leaves_from_before_moves_it_on_and_who_leaves_from_behind_does_not() -> None:
    place = Place("orders")
    place.book()
    place.order(quantity="1", limit="99")
    place.moved(99.0, 1.5, 0.5)
    place.moved(99.0, 7.0, 0.5)
    place.moved(98.0, 7.0, 0.0)
    assert place.trade(99.0, 0.5) == []
    assert fills(place.trade(99.0, 0.25)) == [(D(99), D("0.25"))]


def test_orders_a_trade_and_what_it_takes_out_of_the_queue_count_once() -> None:
    place = Place("orders")
    place.book()
    place.order(quantity="1", limit="99")
    assert place.trade(99.0, 1.5) == []
    place.moved(99.0, 1.5, 0.0)
    place.change(bids=[(99.0, 0.5)])
    assert place.trade(99.0, 0.5) == []
    place.moved(99.0, 0.5, 0.0)
    assert fills(place.trade(99.0, 0.4)) == [(D(99), D("0.4"))]


# All models.


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_cancel_takes_back_what_waits(model: str) -> None:
    place = Place(model)
    place.book()
    place.trade(100.0)
    place.order(limit="99")
    assert place.venue.cancel("o-1", "BTCUSDT", place.now_ns) == (VenueCancelled("o-1", D(1)),)
    assert place.trade(1.0) == []


steps = st.lists(
    st.tuples(
        st.sampled_from(("trade", "book", "change", "quote", "order", "cancel")),
        st.integers(95, 105),
        st.integers(1, 9),
        st.sampled_from(tuple(Side)),
    ),
    max_size=60,
)


@pytest.mark.parametrize("model", sorted(MODELS))
@given(steps=steps, cut=st.integers(0, 60))
def test_a_restored_venue_goes_on_as_the_first_and_no_order_overfills(
    model: str, steps: list[tuple[str, int, int, Side]], cut: int
) -> None:
    place, asked, filled = Place(model, slippage_bps=5), dict[str, Decimal](), dict[str, Decimal]()
    for number, (what, price, size, side) in enumerate(steps):
        if number == cut:
            state = place.venue.snapshot()
            place.venue = Place(model, slippage_bps=5).venue
            place.venue.restore(state)
            assert place.venue.snapshot() == state
        for report in step(place, number, what, price, size, side):
            if isinstance(report, VenueFilled):
                filled[report.order_id] = filled.get(report.order_id, D(0)) + report.quantity
        if what == "order":
            asked[f"o-{number}"] = D(size)
    assert all(0 < quantity <= asked[order_id] for order_id, quantity in filled.items())
    again = Place(model, slippage_bps=5)
    for number, (what, price, size, side) in enumerate(steps):
        step(again, number, what, price, size, side)
    assert again.venue.snapshot() == place.venue.snapshot()


def step(place: Place, number: int, what: str, price: int, size: int, side: Side) -> list[VenueReport]:
    match what:
        case "trade":
            return place.trade(float(price), size / 2, side)
        case "book":
            return place.book()
        case "change":
            return place.change([(min(price, 99) * 1.0, size - 1.0)], [(max(price, 101) * 1.0, size - 1.0)])
        case "quote":
            return place.quote(price - 0.5, price + 0.5, size * 1.0)
        case "order":
            return place.order(number, side, str(size), str(price) if size % 2 else "")
        case _:
            return list(place.venue.cancel(f"o-{price - 95}", "BTCUSDT", place.now_ns))
