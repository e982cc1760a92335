"""The simulated venue: what it fills, at which price, for which fee, and what it rejects."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import (
    CancelReason,
    InputGap,
    Liquidity,
    MarketState,
    OrderType,
    Side,
    TimeInForce,
    VenueRejectReason,
)
from services.execution.core import till, touching
from services.execution.core.venue import (
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
from services.execution.core.venues.simulated import SimulatedVenue
from tests.unit.execution.builders import market, venue, venue_order
from tests.unit.risk_manager.builders import BTC, T0, D, quote


def trading(bid: float = 100.0, ask: float = 100.02, **changes: Any) -> SimulatedVenue:
    """Return a venue that has seen a quote."""
    made = venue(**changes)
    made.observe(quote(bid, ask), T0)
    return made


def filled(at: SimulatedVenue, order: VenueOrder) -> VenueFilled:
    accepted, fill = at.submit(order, T0)
    assert accepted == VenueAccepted(order.id)
    assert isinstance(fill, VenueFilled), fill
    return fill


def reason(reports: Any) -> VenueRejectReason:
    (report,) = reports
    assert isinstance(report, VenueRejected | VenueAmendRejected), report
    return report.reason


def test_a_market_order_pays_the_touch_slippage_and_fee() -> None:
    at = trading()
    assert filled(at, venue_order(1, Side.BUY, "2")) == VenueFilled(
        "o-1", 1, "BTCUSDT", Side.BUY, D(2), D("100.13"), D("0.400520"), "USDT", Liquidity.TAKER
    )
    assert filled(at, venue_order(2, Side.SELL, "3")) == VenueFilled(
        "o-2", 2, "BTCUSDT", Side.SELL, D(3), D("99.90"), D("0.599400"), "USDT", Liquidity.TAKER
    )
    assert at.positions() == {"BTCUSDT": D(-1)}
    assert at.status() == {
        "holdings": {"BTCUSDT": "-1"},
        "slippage_paid": {"USDT": "0.52"},
        "fees_paid": {"USDT": "0.99992"},
        "resting": 0,
    }


touches = st.tuples(st.integers(1, 10**7), st.integers(0, 10**4)).map(lambda pair: (pair[0] / 100, sum(pair) / 100))


@given(touches, st.sampled_from(Side), st.integers(1, 10**6), st.integers(0, 1_000), st.integers(0, 1_000))
def test_nobody_trades_better_than_the_touch(
    touch: tuple[float, float], side: Side, lots: int, slippage: int, fee: int
) -> None:
    at = trading(*touch, slippage_bps=slippage, taker_fee_bps=fee)
    order = venue_order(1, side, str(D(lots) / 1000), is_reduction=True)
    fill = filled(at, order)
    bid, ask = (Fraction(repr(price)) for price in touch)
    price, best = Fraction(fill.price), ask if side is Side.BUY else bid
    worse = (price - best) * side.sign
    assert fill.price > 0
    assert fill.price % BTC.tick_size == 0
    assert Fraction(0) <= worse or fill.price == BTC.tick_size
    assert worse <= best * slippage / 10_000 + Fraction(BTC.tick_size)
    assert Fraction(fill.fee) == price * Fraction(order.quantity) * fee / 10_000
    assert fill.quantity == order.quantity


@pytest.mark.parametrize(
    ("side", "limit", "price"),
    [
        (Side.BUY, "100.05", "100.05"),
        (Side.BUY, "101", "100.13"),
        (Side.SELL, "99.95", "99.95"),
        (Side.SELL, "99", "99.90"),
    ],
)
def test_a_limit_order_that_reaches_the_market_takes_never_worse_than_its_limit(
    side: Side, limit: str, price: str
) -> None:
    fill = filled(trading(), venue_order(1, side, "1", limit))
    assert (fill.price, fill.liquidity) == (D(price), Liquidity.TAKER)


@pytest.mark.parametrize(
    ("side", "limit", "short_of_it", "reached"),
    [(Side.BUY, "99.5", (99.49, 99.51), (99.4, 99.5)), (Side.SELL, "100.5", (100.49, 100.51), (100.5, 100.6))],
)
def test_a_resting_order_fills_at_its_limit_when_the_opposite_touch_reaches_it(
    side: Side, limit: str, short_of_it: tuple[float, float], reached: tuple[float, float]
) -> None:
    at = trading()
    order = venue_order(1, side, "2", limit)
    assert at.submit(order, T0) == (VenueAccepted("o-1"),)
    assert at.open_orders() == [order]
    assert list(at.observe(quote(*short_of_it, update_id=2), T0)) == []
    (fill,) = at.observe(quote(*reached, update_id=3), T0)
    assert fill == VenueFilled(
        "o-1", 1, "BTCUSDT", side, D(2), D(limit), 2 * D(limit) * D("0.0005"), "USDT", Liquidity.MAKER
    )
    assert at.open_orders() == []
    assert list(at.observe(quote(*reached, update_id=4), T0)) == []


def test_resting_orders_fill_oldest_first() -> None:
    at = trading()
    for number in (1, 2, 3):
        at.submit(venue_order(number, Side.BUY, "1", str(90 + number)), T0)
    fills = at.observe(quote(80.0, 81.0, update_id=2), T0)
    assert [fill.order_id for fill in fills if isinstance(fill, VenueFilled)] == ["o-1", "o-2", "o-3"]


def test_a_maker_may_be_paid() -> None:
    at = trading(maker_fee_bps=-1)
    at.submit(venue_order(1, Side.BUY, "1", "90"), T0)
    (fill,) = at.observe(quote(80.0, 81.0, update_id=2), T0)
    assert isinstance(fill, VenueFilled)
    assert fill.fee == D("-0.009")


def test_what_an_ioc_order_cannot_take_is_cancelled() -> None:
    order = venue_order(1, Side.BUY, "2", "99", time_in_force=TimeInForce.IOC)
    assert trading().submit(order, T0) == (VenueAccepted("o-1"), VenueCancelled("o-1", D(2), CancelReason.UNFILLED))


@pytest.mark.parametrize("state", [MarketState.STALE, MarketState.RESYNCING, MarketState.DISCONNECTED])
def test_a_market_that_is_not_live_takes_and_fills_nothing(state: MarketState) -> None:
    at = trading()
    at.submit(venue_order(1, Side.BUY, "1", "90"), T0)
    at.observe(market(state), T0)
    assert reason(at.submit(venue_order(2), T0)) is VenueRejectReason.NO_MARKET
    assert list(at.observe(quote(80.0, 81.0, update_id=2), T0)) == []
    (fill,) = at.observe(market(MarketState.LIVE), T0)
    assert isinstance(fill, VenueFilled)
    filled(at, venue_order(3))


@pytest.mark.parametrize("limit", ["", "90"])
def test_without_a_quote_nothing_is_taken(limit: str) -> None:
    assert reason(venue().submit(venue_order(1, limit=limit), T0)) is VenueRejectReason.NO_MARKET
    at = trading()
    at.observe(InputGap(topic="quote.BTCUSDT", missing=1, event_ns=T0, received_ns=T0), T0)
    at.observe(InputGap(topic="quote.DOGEUSDT", missing=1, event_ns=T0, received_ns=T0), T0)
    assert reason(at.submit(venue_order(1, limit=limit), T0)) is VenueRejectReason.NO_MARKET


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (venue_order(quantity="0"), VenueRejectReason.INVALID_QUANTITY),
        (venue_order(quantity="-1"), VenueRejectReason.INVALID_QUANTITY),
        (venue_order(quantity="0.0005"), VenueRejectReason.INVALID_QUANTITY),
        (venue_order(quantity="0.049"), VenueRejectReason.INVALID_QUANTITY),
        (venue_order(quantity="0.05", limit="99"), VenueRejectReason.INVALID_QUANTITY),
        (venue_order(limit="99.001"), VenueRejectReason.INVALID_PRICE),
        (venue_order(limit="0"), VenueRejectReason.INVALID_PRICE),
        (venue_order(limit="-5"), VenueRejectReason.INVALID_PRICE),
        (venue_order(order_type=OrderType.LIMIT), VenueRejectReason.INVALID_PRICE),
    ],
)
def test_an_invalid_order_is_rejected(order: VenueOrder, expected: VenueRejectReason) -> None:
    at = trading()
    assert reason(at.submit(order, T0)) is expected
    assert at.positions() == {}


def test_a_reduction_may_be_worth_less_than_the_minimum() -> None:
    assert filled(trading(), venue_order(quantity="0.001", is_reduction=True)).quantity == D("0.001")


def test_an_order_rests_once() -> None:
    at = trading()
    at.submit(venue_order(1, limit="90"), T0)
    assert reason(at.submit(venue_order(1, limit="91"), T0)) is VenueRejectReason.DUPLICATE_ORDER


def test_the_number_of_resting_orders_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touching, "MAX_OPEN_ORDERS", 2)
    at = trading()
    for number in (1, 2):
        at.submit(venue_order(number, limit="90"), T0)
    assert reason(at.submit(venue_order(3, limit="90"), T0)) is VenueRejectReason.TOO_MANY_ORDERS


def test_a_cancel_takes_a_resting_order_back() -> None:
    at = trading()
    at.submit(venue_order(1, quantity="3", limit="90"), T0)
    assert at.cancel("o-1", "BTCUSDT", T0) == (VenueCancelled("o-1", D(3)),)
    for symbol in ("BTCUSDT", "DOGEUSDT"):
        assert at.cancel("o-1", symbol, T0) == (VenueCancelRejected("o-1"),)


def test_an_amended_order_has_its_new_price_and_goes_to_the_end() -> None:
    at = trading()
    for number in (1, 2):
        at.submit(venue_order(number, limit="90"), T0)
    moved = venue_order(1, quantity="2", limit="91")
    assert at.amend(moved, T0) == [VenueAmended(moved)]
    assert [order.id for order in at.open_orders()] == ["o-2", "o-1"]
    assert reason(at.amend(venue_order(1, quantity="0", limit="91"), T0)) is VenueRejectReason.INVALID_QUANTITY
    assert moved in at.open_orders()
    assert reason(at.amend(venue_order(9, limit="91"), T0)) is VenueRejectReason.UNKNOWN_ORDER
    crossing = venue_order(2, limit="101")
    amended, fill = at.amend(crossing, T0)
    assert amended == VenueAmended(crossing)
    assert isinstance(fill, VenueFilled)
    assert [order.id for order in at.open_orders()] == ["o-1"]


def test_fills_can_be_asked_for_while_they_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(till, "FILLS_KEPT", 3)
    at = trading()
    for number in range(1, 6):
        at.submit(venue_order(number), T0)
    assert [fill.number for fill in at.fills_since(0)] == [3, 4, 5]
    assert [fill.order_id for fill in at.fills_since(4)] == ["o-5"]


orders = st.lists(
    st.tuples(
        st.sampled_from(("market", "limit", "ioc", "cancel", "quote", "dead", "alive")),
        st.sampled_from(Side),
        st.integers(0, 20),
        st.integers(9_900, 10_100),
    ),
    max_size=40,
)


def play(at: SimulatedVenue, number: int, step: tuple[str, Side, int, int]) -> list[VenueReport]:
    what, side, size, cents = step
    match what:
        case "quote":
            return list(at.observe(quote(cents / 100, (cents + 2) / 100, update_id=number), T0))
        case "dead" | "alive":
            return list(at.observe(market(MarketState.LIVE if what == "alive" else MarketState.STALE), T0))
        case "cancel":
            return list(at.cancel(f"o-{size}", "BTCUSDT", T0))
        case _:
            limit = "" if what == "market" else str(Decimal(cents) / 100)
            in_force = TimeInForce.IOC if what == "ioc" else TimeInForce.GTC
            return list(at.submit(venue_order(number, side, str(D(size) / 10), limit, time_in_force=in_force), T0))


@given(orders, st.integers(0, 40))
def test_holdings_are_the_sum_of_the_fills_and_a_snapshot_goes_on_the_same(
    flow: list[tuple[str, Side, int, int]], cut: int
) -> None:
    at, twin = trading(), trading()
    held, fees = D(0), D(0)
    for number, step in enumerate(flow, 1):
        if number == cut:
            fresh = venue()
            fresh.restore(at.snapshot())
            assert fresh.snapshot() == at.snapshot()
            at = fresh
        reports = play(at, number, step)
        assert reports == play(twin, number, step)
        for report in reports:
            if isinstance(report, VenueFilled):
                held += report.quantity * report.side.sign
                fees += report.fee
    assert at.positions().get("BTCUSDT", D(0)) == held
    assert D(at.status()["fees_paid"]["USDT"]) == fees
    assert at.snapshot() == twin.snapshot()
