"""Files of single orders: the book, quotes and trades that they add up to, and a market that is crossed."""

import gzip
from pathlib import Path

import pytest

from common.messages import BookSnapshot, BookUpdate, MarketStatus, QueueMoved, Quote, Side, Trade
from orrery.data.errors import DataFileError
from orrery.data.kinds import held_in
from orrery.data.options import ReadOptions
from orrery.data.single_orders import BookMessage, order_messages
from services.backtest.result import DataTier

NAMES = "ts_recv,ts_event,action,side,price,size,order_id,flags"
OPENING = ("A,B,99,2,1,32", "A,B,99,3,2,32", "A,A,101,4,3,160")


def told(*rows: str) -> list[BookMessage]:
    lines = [f"{1_000 + n},{900 + n},{row}" for n, row in enumerate(rows)]
    return list(order_messages(Path("x.csv"), "ESH4", "\n".join([NAMES, *lines, ""]).encode()))


def test_the_opening_book_is_told_whole_with_the_first_event_behind_it() -> None:
    snapshot, quote, update = told(*OPENING, "A,A,102,1,4,128")[:3]
    assert isinstance(snapshot, BookSnapshot)
    assert (snapshot.bids, snapshot.asks) == ([(99.0, 5.0)], [(101.0, 4.0)])
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (99.0, 5.0, 101.0, 4.0)
    assert isinstance(update, BookUpdate)
    assert (update.bids, update.asks, update.event_ns, update.received_ns) == ([], [(102.0, 1.0)], 903, 1_003)


def test_cancels_take_off_and_changes_move(project_root: Path) -> None:
    assert project_root.is_dir()
    messages = told(*OPENING, "C,B,99,1,1,128", "M,B,98,3,2,128", "C,B,99,1,1,128")
    updates = [message.bids for message in messages if isinstance(message, BookUpdate)]
    assert updates == [[(99.0, 4.0)], [(98.0, 3.0), (99.0, 1.0)], [(99.0, 0.0)]]
    assert [message.bid for message in messages if isinstance(message, Quote)] == [99.0, 99.0, 99.0, 98.0]


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ("C,B,99,2,1,128", (2.0, 0.0)),
        ("C,B,99,3,2,128", (3.0, 2.0)),
        ("C,B,99,1,2,128", (1.0, 2.0)),
        ("M,B,99,1,1,128", (1.0, 0.0)),
        ("M,B,99,9,1,128", (2.0, 0.0)),
        ("M,B,98,2,2,128", (3.0, 2.0)),
    ],
)
def test_who_leaves_a_queue_is_told_with_what_stood_before_him(row: str, left: tuple[float, float]) -> None:
    (moved,) = [message for message in told(*OPENING, row) if isinstance(message, QueueMoved)]
    assert (moved.side, moved.price, moved.size, moved.ahead) == (Side.BUY, 99.0, *left)


def test_a_smaller_order_keeps_its_place_and_a_larger_one_loses_it() -> None:
    smaller = told(*OPENING, "M,B,99,1,1,128", "C,B,99,3,2,128")
    larger = told(*OPENING, "M,B,99,9,1,128", "C,B,99,3,2,128")
    assert [[moved.ahead for moved in messages if isinstance(moved, QueueMoved)] for messages in (smaller, larger)] == [
        [0.0, 1.0],
        [0.0, 0.0],
    ]


def test_a_trade_changes_no_book_and_comes_before_what_does() -> None:
    messages = told(*OPENING, "T,A,99,2,0,0", "F,B,99,2,1,0", "C,B,99,2,1,128")[2:]
    assert [type(message) for message in messages] == [Trade, QueueMoved, BookUpdate, Quote]
    trade = messages[0]
    assert isinstance(trade, Trade)
    assert (trade.price, trade.size, trade.side) == (99.0, 2.0, Side.SELL)


def test_a_crossed_market_is_told_and_comes_back_whole() -> None:
    messages = told(*OPENING, "A,B,101,1,5,128", "A,B,103,1,6,128", "C,B,101,1,5,0", "C,B,103,1,6,128")[2:]
    assert [type(message) for message in messages if not isinstance(message, QueueMoved)] == [
        MarketStatus, BookSnapshot, Quote,
    ]  # fmt: skip


def test_a_cleared_book_is_told_anew() -> None:
    messages = told(*OPENING, "A,A,102,1,4,128", "R,N,,0,0,32", "A,B,50,1,7,32", "A,A,51,1,8,160", "A,B,49,1,9,128")
    last = [message for message in messages if isinstance(message, BookSnapshot)][-1]
    assert (last.bids, last.asks) == ([(50.0, 1.0)], [(51.0, 1.0)])


def test_a_damaged_row_is_named() -> None:
    with pytest.raises(DataFileError, match=r"x\.csv:4: expected a row of a single order"):
        told(*OPENING[:2], "A,A,much,4,3,160")


def test_its_columns_tell_it_and_packed_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "esh4_20231225.mbo.csv.gz"
    path.write_bytes(gzip.compress(f"{NAMES}\n1000,900,A,B,99,2,1,32\n".encode()))
    assert held_in(path, ReadOptions()).tier is DataTier.ORDERS
    packed = tmp_path / "x.dbn.zst"
    packed.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(20))
    with pytest.raises(DataFileError, match="write it as CSV"):
        held_in(packed, ReadOptions())
