"""The order book against a naive one, and its answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Level, Side
from services.market_data.core.book import NEAR_KEPT, NEAR_MAX, OrderBook, Top

PRICES = st.integers(1, 400).map(lambda ticks: ticks / 4)
SIZES = st.sampled_from([0.0, 0.0, 0.5, 1.0, 2.25])
CHANGES = st.lists(st.tuples(PRICES, SIZES), max_size=30)


def naive(levels: dict[float, float], *, best_first_descending: bool) -> list[Level]:
    return [(price, levels[price]) for price in sorted(levels, reverse=best_first_descending)]


def change(levels: dict[float, float], changes: list[Level]) -> None:
    for price, size in changes:
        if size:
            levels[price] = size
        else:
            levels.pop(price, None)


@given(st.lists(st.tuples(CHANGES, CHANGES), max_size=40))
def test_a_deep_book_is_the_naive_book(frames: list[tuple[list[Level], list[Level]]]) -> None:
    book, bids, asks = OrderBook(10_000), dict[float, float](), dict[float, float]()
    for number, (bid_changes, ask_changes) in enumerate(frames, 1):
        book.apply(number, bid_changes, ask_changes)
        change(bids, bid_changes)
        change(asks, ask_changes)
        expected_bids = naive(bids, best_first_descending=True)
        expected_asks = naive(asks, best_first_descending=False)
        assert list(book.bids.levels()) == expected_bids
        assert list(book.asks.levels()) == expected_asks
        assert book.bids.best() == next(iter(expected_bids), None)
        assert book.asks.best() == next(iter(expected_asks), None)
        assert book.update_id == number
    assert book.cut == 0
    assert not book.exhausted()


@given(st.integers(1, 12), st.lists(CHANGES, max_size=40))
def test_a_full_side_keeps_only_true_levels_and_knows_when_its_top_is_in_doubt(
    depth: int, frames: list[list[Level]]
) -> None:
    book, truth = OrderBook(depth), dict[float, float]()
    for number, changes in enumerate(frames, 1):
        book.apply(number, changes, [])
        change(truth, changes)
        kept = list(book.bids.levels())
        assert len(kept) == len(book.bids) <= depth
        assert set(kept) <= set(truth.items())
        if not book.exhausted():
            best = naive(truth, best_first_descending=True)
            assert kept[:1] == best[:1]
    if book.cut == 0:
        assert list(book.bids.levels()) == naive(truth, best_first_descending=True)


def test_a_wide_side_is_sorted_behind_its_top_too() -> None:
    book = OrderBook(5_000)
    prices = [float(price) for price in range(1, 4 * NEAR_MAX)]
    book.apply(1, [(price, 1.0) for price in prices], [])
    assert [price for price, _ in book.bids.levels()] == prices[::-1]
    book.apply(2, [(price, 0.0) for price in prices[-2 * NEAR_KEPT :]], [])
    assert [price for price, _ in book.bids.levels()] == prices[: -2 * NEAR_KEPT][::-1]


def test_a_snapshot_replaces_everything_and_is_cut_to_the_depth() -> None:
    book = OrderBook(2)
    book.apply(1, [(50.0, 1.0)], [(60.0, 1.0)])
    book.load(7, [(10.0, 1.0), (9.0, 2.0), (8.0, 3.0)], [(11.0, 1.0), (12.0, 0.0)])
    assert book.depth(5) == ([(10.0, 1.0), (9.0, 2.0)], [(11.0, 1.0)])
    assert (book.update_id, book.cut) == (7, 1)


def test_levels_outside_the_kept_depth_come_back_with_their_own_size() -> None:
    book = OrderBook(2)
    book.load(1, [(10.0, 1.0), (9.0, 2.0), (8.0, 3.0)], [(11.0, 1.0)])
    book.apply(2, [(8.0, 0.0), (10.0, 0.0)], [])
    assert book.depth(5)[0] == [(9.0, 2.0)]
    assert not book.exhausted()
    book.apply(3, [(8.0, 4.0)], [])
    assert book.depth(5)[0] == [(9.0, 2.0), (8.0, 4.0)]
    book.apply(4, [(9.0, 0.0)], [])
    assert book.exhausted()


def test_an_empty_book_has_no_answers() -> None:
    book = OrderBook(10)
    assert (book.top(), book.mid(), book.spread(), book.imbalance(5)) == (None, None, None, None)
    assert book.vwap(Side.BUY, 1.0) is None
    assert not book.crossed()
    assert not book.exhausted()


def test_top_spread_and_mid() -> None:
    book = OrderBook(10)
    book.load(1, [(99.0, 1.0), (98.0, 5.0)], [(101.0, 3.0), (102.0, 1.0)])
    assert book.top() == Top(99.0, 1.0, 101.0, 3.0)
    assert book.spread() == 2.0
    assert book.mid() == 100.0


def test_imbalance_over_levels() -> None:
    book = OrderBook(10)
    book.load(1, [(99.0, 1.0), (98.0, 5.0)], [(101.0, 3.0), (102.0, 1.0)])
    assert book.imbalance(1) == pytest.approx(-0.5)
    assert book.imbalance(2) == pytest.approx(0.2)
    book.load(2, [(99.0, 1.0)], [])
    assert book.imbalance(3) == 1.0


@pytest.mark.parametrize(
    ("side", "size", "price"),
    [
        (Side.BUY, 3.0, 101.0),
        (Side.BUY, 4.0, 101.25),
        (Side.SELL, 2.0, 98.5),
        (Side.SELL, 6.0, (99.0 + 5 * 98.0) / 6),
        (Side.BUY, 4.5, None),
        (Side.BUY, 0.0, None),
        (Side.SELL, -1.0, None),
    ],
)
def test_vwap_walks_the_book(side: Side, size: float, price: float | None) -> None:
    book = OrderBook(10)
    book.load(1, [(99.0, 1.0), (98.0, 5.0)], [(101.0, 3.0), (102.0, 1.0)])
    assert book.vwap(side, size) == (None if price is None else pytest.approx(price))


@pytest.mark.parametrize(("bid", "crossed"), [(100.0, False), (101.0, True), (102.0, True)])
def test_a_book_is_crossed_when_bid_meets_ask(bid: float, crossed: bool) -> None:
    book = OrderBook(10)
    book.load(1, [(bid, 1.0)], [(101.0, 1.0)])
    assert book.crossed() is crossed
