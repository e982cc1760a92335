"""What an order would cost before it is sent, against figures worked out by hand, and against plain sums."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.messages import OrderTerms, OrderType, Side
from services.execution.core.preview import Preview, Surroundings, preview
from services.execution.core.preview_trigger import Trigger, from_then_on, trigger_of
from services.execution.core.venue import VenueOrder
from tests.unit.execution.builders import venue_order
from tests.unit.risk_manager.builders import BTC, D

ASKS = [(100.0, 1.0), (100.5, 2.0), (101.0, 4.0)]
BIDS = [(99.0, 1.0), (98.0, 2.0)]


def shown(order: VenueOrder, **changes: Any) -> Preview:
    levels, opposite = (ASKS, 99.0) if order.side is Side.BUY else (BIDS, 100.0)
    around = {"levels": levels, "opposite": opposite, "taker_fee_bps": D(10), **changes}
    return preview(order, BTC, Surroundings(**around))


def test_a_market_order_walks_the_book() -> None:
    found = shown(venue_order(quantity="2"))
    assert (found.takes, found.rests, found.unknown) == (D(2), D(0), D(0))
    assert (found.notional, found.average_price, found.worst_price) == (D("200.5"), D("100.25"), D("100.5"))
    assert (found.fee, found.slippage, found.spread_cost) == (D("0.2005"), D("0.5"), D(1))
    assert found.cost == D("1.7005")


def test_a_seller_pays_downwards() -> None:
    found = shown(venue_order(side=Side.SELL, quantity="3"))
    assert (found.notional, found.slippage, found.spread_cost) == (D(295), D(2), D("1.5"))


def test_a_limit_takes_what_it_reaches_and_rests() -> None:
    found = shown(venue_order(quantity="5", limit="100.5"))
    assert (found.takes, found.rests, found.worst_price) == (D(3), D(2), D("100.5"))
    assert shown(venue_order(quantity="5", limit="99.5")).average_price is None


def test_what_the_book_does_not_show_is_unknown() -> None:
    assert shown(venue_order(quantity="10")).unknown == D(3)


def test_impact_grows_with_the_root_of_the_share_of_volume() -> None:
    small = shown(venue_order(quantity="1"), volatility=0.02, volume=100.0)
    large = shown(venue_order(quantity="4"), volatility=0.02, volume=100.0)
    assert small.impact == D("0.2")
    assert large.impact == D("1.6")
    assert shown(venue_order(quantity="1")).impact == 0


def test_what_the_venue_would_not_take_says_why() -> None:
    assert "lots" in shown(venue_order(quantity="0.0001")).problem
    assert shown(venue_order(), levels=[]).problem == "no market"


@given(
    st.lists(st.tuples(st.integers(1, 500), st.integers(1, 5_000)), min_size=1, max_size=8),
    st.integers(1, 20_000),
    st.sampled_from(Side),
)
def test_the_walk_is_a_sum_over_levels(steps: list[tuple[int, int]], lots: int, side: Side) -> None:
    prices = [100.0 + side.sign * sum(step for step, _ in steps[: at + 1]) / 100 for at in range(len(steps))]
    levels = [(price, size / 1_000) for price, (_, size) in zip(prices, steps, strict=True)]
    order = venue_order(side=side, quantity=str(Decimal(lots) / 1_000))
    around = Surroundings(levels=levels, opposite=100.0, taker_fee_bps=D(10))
    found = preview(order, BTC, around)
    if found.problem:
        return
    single = [price for price, (_, size) in zip(prices, steps, strict=True) for _ in range(size)][:lots]
    assert found.takes == Decimal(len(single)) / 1_000
    assert found.notional == sum((Decimal(repr(price)) for price in single), D(0)) / 1_000
    assert found.slippage >= 0
    assert found.takes + found.unknown == order.quantity


def waiting(kind: OrderType, side: Side, quantity: str = "2", limit: str = "", **terms: Any) -> tuple[Trigger, Preview]:
    """Return what an order waits for, and what it would trade from then on."""
    order = venue_order(side=side, quantity=quantity, limit=limit, order_type=kind, terms=OrderTerms(**terms))
    levels, opposite = (ASKS, 99.0) if side is Side.BUY else (BIDS, 100.0)
    around = Surroundings(levels=levels, opposite=opposite, taker_fee_bps=D(10))
    assert not preview(order, BTC, around).problem
    trigger = trigger_of(order, BTC, around)
    then, there = from_then_on(order, trigger, around)
    return trigger, preview(then, BTC, there)


def test_a_stop_is_a_market_order_at_its_trigger() -> None:
    trigger, found = waiting(OrderType.STOP, Side.BUY, trigger_price=D(105))
    assert (trigger.level, trigger.price, trigger.distance, trigger.distance_percent) == (D(105), D(100), D(5), D(5))
    assert (trigger.is_reached, trigger.rises) == (False, True)
    assert (found.takes, found.average_price, found.slippage, found.spread_cost) == (D(2), D("105.25"), D("0.5"), D(1))


def test_a_stop_limit_takes_what_its_limit_lets_it() -> None:
    _, found = waiting(OrderType.STOP_LIMIT, Side.BUY, limit="105.2", trigger_price=D(105))
    assert (found.takes, found.rests, found.worst_price) == (D(1), D(1), D(105))


def test_a_trigger_that_has_been_reached_is_one_at_once() -> None:
    trigger, found = waiting(OrderType.STOP, Side.SELL, trigger_price=D(100))
    assert (trigger.is_reached, trigger.rises, found.average_price) == (True, False, D("98.5"))


def test_a_take_profit_waits_the_other_way() -> None:
    trigger, found = waiting(OrderType.TAKE_PROFIT, Side.SELL, trigger_price=D(120))
    assert (trigger.rises, trigger.distance, found.worst_price) == (True, D(21), D(119))
    trigger, _ = waiting(OrderType.TAKE_PROFIT, Side.BUY, trigger_price=D(90))
    assert (trigger.rises, trigger.distance) == (False, D(10))


def test_a_trailing_stop_lies_behind_the_price_that_is_there() -> None:
    trigger, _ = waiting(OrderType.TRAILING_STOP, Side.SELL, trail=D(9))
    assert (trigger.level, trigger.rises) == (D(90), False)
    trigger, _ = waiting(OrderType.TRAILING_STOP, Side.BUY, trail_bps=D(100))
    assert (trigger.level, trigger.distance_percent) == (D(101), D(1))
