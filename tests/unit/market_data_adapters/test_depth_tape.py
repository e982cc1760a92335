"""Recorded books carried on by recorded diffs."""

import json
from typing import Any

import pytest

from services.market_data.adapters.depth_tape import ANY, DepthBook, DepthTape, is_depth, symbol_of
from services.market_data.adapters.recording_lines import RecordedReply

BODY = b'{"lastUpdateId":100,"bids":[["10.00","1.0"],["9.00","2.0"]],"asks":[["11.00","3.0"],["12.00","4.0"]]}'
LATER = b'{"lastUpdateId":200,"bids":[["20.00","1.0"]],"asks":[["21.00","1.0"]]}'


def read(book: DepthBook, limit: int = 100) -> Any:
    return json.loads(book.body(limit))


def diff(first: int, last: int, bids: list[list[str]], asks: list[list[str]], symbol: str = "X") -> bytes:
    data = {"e": "depthUpdate", "E": 1, "s": symbol, "U": first, "u": last, "b": bids, "a": asks}
    return json.dumps({"stream": f"{symbol.lower()}@depth@100ms", "data": data}, separators=(",", ":")).encode()


def test_before_a_diff_reaches_it_the_snapshot_is_served_as_recorded() -> None:
    book = DepthBook([BODY])
    book.apply(90, 100, [("10.00", "0.0")], [])
    assert book.body(100) == BODY


def test_diffs_set_and_remove_levels_and_keep_the_venues_texts() -> None:
    book = DepthBook([BODY])
    book.apply(99, 101, [("10.0", "0.000"), ("9.50", "7.00000000")], [("11.00", "5.50")])
    assert read(book) == {
        "lastUpdateId": 101,
        "bids": [["9.50", "7.00000000"], ["9.00", "2.0"]],
        "asks": [["11.00", "5.50"], ["12.00", "4.0"]],
    }
    assert read(book, 1)["bids"] == [["9.50", "7.00000000"]]
    assert book.gaps == 0


def test_a_hole_between_diffs_is_counted() -> None:
    book = DepthBook([BODY])
    book.apply(103, 104, [], [])
    assert (book.gaps, book.update_id) == (1, 104)


def test_a_later_snapshot_takes_over_once_it_is_reached() -> None:
    book = DepthBook([LATER, BODY])
    book.apply(101, 199, [("9.90", "1.0")], [])
    assert read(book)["bids"][0] == ["10.00", "1.0"]
    book.apply(200, 201, [("19.00", "1.0")], [])
    assert read(book)["bids"] == [["20.00", "1.0"], ["19.00", "1.0"]]


def test_a_tape_follows_each_symbol_and_lets_everything_else_pass() -> None:
    tape = DepthTape({"X": [BODY], "Y": [LATER]})
    tape.see(diff(101, 102, [["10.50", "1.0"]], [], "X"))
    tape.see(diff(101, 102, [["10.50", "1.0"]], [], "UNKNOWN"))
    tape.see(b'{"stream":"x@trade","data":{"e":"trade","s":"X"}}')
    tape.see(b'{"e":"depthUpdate","broken')
    tape.see(b"")
    x, y = tape.book("X"), tape.book("Y")
    assert x is not None
    assert y is not None
    assert (x.update_id, y.update_id) == (102, 200)
    assert tape.book("Z") is None


def test_a_snapshot_without_a_symbol_belongs_to_the_first_diffs() -> None:
    tape = DepthTape({ANY: [BODY]})
    assert tape.book("WHATEVER") is not None
    tape.see(diff(101, 102, [], [], "X"))
    assert tape.book("X") is not None
    assert tape.book("WHATEVER") is None


def test_frames_without_an_envelope_count_as_well() -> None:
    tape = DepthTape({"X": [BODY]})
    tape.see(json.dumps(json.loads(diff(101, 102, [], []))["data"], separators=(",", ":")).encode())
    book = tape.book("X")
    assert book is not None
    assert book.update_id == 102


@pytest.mark.parametrize(
    ("url", "body", "expected"),
    [
        ("https://www.binance.com/api/v1/depth?symbol=dotusdt&limit=1000", b"{}", (True, "DOTUSDT")),
        ("/api/v3/depth?limit=5&symbol=BTCUSDT", b"{}", (True, "BTCUSDT")),
        ("https://api.binance.com/api/v3/exchangeInfo", b'{"lastUpdateId":1}', (False, ANY)),
        (None, BODY, (True, ANY)),
        (None, b'{"timezone":"UTC"}', (False, ANY)),
    ],
)
def test_books_are_found_among_the_replies(url: str | None, body: bytes, expected: tuple[bool, str]) -> None:
    reply = RecordedReply(None, "GET", url, body)
    assert (is_depth(reply), symbol_of(reply)) == expected
