"""One line each: messages there and back, the documented shape, raw frames, and errors that say what was expected."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import (
    AnyMessage,
    Bar,
    BarSource,
    BookSnapshot,
    BookUpdate,
    ExternalSignal,
    Greeks,
    Quote,
    Side,
    Trade,
)
from services.market_data.adapters.recording_lines import (
    LineError,
    RecordedFrame,
    RecordedReply,
    Shape,
    frame_of,
    line_of,
    line_of_frame,
    line_of_reply,
    messages_of,
    nanoseconds,
    reply_of,
    shape_of,
)
from tests.contract.examples import EXAMPLES

times = st.integers(0, 2**62)
numbers = st.floats(allow_nan=False, allow_infinity=False)
symbols = st.text(min_size=1, max_size=12)
levels = st.lists(st.tuples(numbers, numbers), max_size=5)
envelope: dict[str, Any] = {"event_ns": times, "received_ns": times, "symbol": symbols}
messages = st.one_of(
    st.builds(Quote, bid=numbers, bid_size=numbers, ask=numbers, ask_size=numbers, update_id=times, **envelope),
    st.builds(
        Trade,
        price=numbers,
        size=numbers,
        side=st.sampled_from(Side),
        trade_id=times,
        first_trade_id=times,
        **envelope,
    ),
    st.builds(BookSnapshot, update_id=times, bids=levels, asks=levels, **envelope),
    st.builds(BookUpdate, first_update_id=times, update_id=times, bids=levels, asks=levels, **envelope),
    st.builds(
        Bar,
        timeframe=st.sampled_from(["1s", "1m"]),
        start_ns=times,
        end_ns=times,
        open=numbers,
        high=numbers,
        low=numbers,
        close=numbers,
        volume=numbers,
        trade_count=times,
        source=st.sampled_from(BarSource),
        partial=st.booleans(),
        **envelope,
    ),
)


@given(messages)
def test_a_message_comes_back_identical(message: AnyMessage) -> None:
    line = line_of(message)
    assert b"\n" not in line
    (again,) = messages_of(line, 1)
    assert again == message
    assert msgspec.msgpack.encode(again) == msgspec.msgpack.encode(message)


@pytest.mark.parametrize(
    "message", [each for each in EXAMPLES if hasattr(each, "event_ns")], ids=lambda m: type(m).__name__
)
def test_every_type_of_message_comes_back_identical(message: AnyMessage) -> None:
    assert messages_of(line_of(message), 1) == (message,)


def test_a_quote_reads_as_documented_market_data() -> None:
    quote = Quote(
        symbol="BTC-29MAR24-60000-C",
        bid=100.0,
        bid_size=2.0,
        ask=101.0,
        ask_size=3.0,
        update_id=7,
        event_ns=1_700_000_000_123_456_789,
        received_ns=1_700_000_000_223_456_789,
    )
    assert json.loads(line_of(quote)) == {
        "type": "quote",
        "timestamp": 1_700_000_000_123_456_789,
        "instrument": "BTC-29MAR24-60000-C",
        "best_bid": 100.0,
        "best_ask": 101.0,
        "bid_size": 2.0,
        "ask_size": 3.0,
        "update_id": 7,
        "received_ns": 1_700_000_000_223_456_789,
    }


def test_the_documented_line_reads() -> None:
    line = (
        b'{"timestamp":1700000000,"instrument":"BTC-29MAR24-60000-C","best_bid":100.0,"best_ask":101,"delta":0.6,'
        b'"gamma":null,"mark":100.4,"bid_size":5,"open_interest":12}'
    )
    at_ns = 1_700_000_000_000_000_000
    greeks, quote = messages_of(line, 3)
    assert greeks == Greeks(symbol="BTC-29MAR24-60000-C", delta=0.6, mark=100.4, event_ns=at_ns, received_ns=at_ns)
    assert quote == Quote(
        symbol="BTC-29MAR24-60000-C",
        bid=100.0,
        bid_size=5.0,
        ask=101.0,
        ask_size=0.0,
        update_id=3,
        event_ns=1_700_000_000_000_000_000,
        received_ns=1_700_000_000_000_000_000,
    )


def test_a_line_without_greeks_is_a_quote_alone() -> None:
    (quote,) = messages_of(b'{"timestamp":1,"instrument":"X","best_bid":1,"best_ask":2,"iv":null}', 1)
    assert isinstance(quote, Quote)


def test_a_signal_from_outside_reads() -> None:
    (signal,) = messages_of(
        b'{"timestamp":1700000000.5,"name":"mood","symbol":"BTCUSDT","value":0.75,"text":"calm"}', 1
    )
    at_ns = 1_700_000_000_500_000_000
    expected = ExternalSignal(name="mood", symbol="BTCUSDT", value=0.75, text="calm", event_ns=at_ns, received_ns=at_ns)
    assert signal == expected
    (to_all,) = messages_of(b'{"timestamp":1700000000,"name":"mood","value":-1}', 1)
    assert isinstance(to_all, ExternalSignal)
    assert (to_all.symbol, to_all.text) == ("", "")


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (1_700_000_000, 1_700_000_000_000_000_000),
        (1_700_000_000.25, 1_700_000_000_250_000_000),
        (1_723_161_253.9370856, 1_723_161_253_937_085_600),
        (1_700_000_000_123, 1_700_000_000_123_000_000),
        (1_700_000_000_123.5, 1_700_000_000_123_500_000),
        (1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        (0, 0),
    ],
)
def test_units_of_time_are_told_apart(timestamp: float, expected: int) -> None:
    assert nanoseconds(timestamp) == expected


@given(st.integers(100_000_001, 10_000_000_000), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_a_second_is_the_same_in_every_unit(second: int, per_second: int) -> None:
    assert nanoseconds(second * per_second) == second * 10**9 or second * 10**9 > 2**63 - 1


@pytest.mark.parametrize("timestamp", [-1, 2**63, 1e30])
def test_an_impossible_time_is_refused(timestamp: float) -> None:
    with pytest.raises(ValueError, match="expected a timestamp in s, ms, µs or ns"):
        nanoseconds(timestamp)


@given(st.none() | times, st.integers(0, 10), st.text())
def test_a_raw_frame_comes_back_to_the_nanosecond(ts_ns: int | None, connection: int, text: str) -> None:
    frame = RecordedFrame(ts_ns, connection, text.encode(errors="replace"))
    assert frame_of(line_of_frame(frame), 1) == frame


@given(st.none() | times, st.none() | st.text(max_size=20).map(lambda text: text.encode(errors="replace").decode()))
def test_a_reply_comes_back(ts_ns: int | None, url: str | None) -> None:
    reply = RecordedReply(ts_ns, "GET", url, b'{"lastUpdateId":1}')
    assert reply_of(line_of_reply(reply), 1) == reply


def test_shapes_are_told_apart_by_their_keys() -> None:
    assert shape_of(b'{"ts":null,"conn":0,"frame":"{}"}') is Shape.FRAMES
    assert shape_of(b'{"ts":1.5,"method":"GET","url":null,"body":"{}"}') is Shape.REPLIES
    assert shape_of(b'{"timestamp":1,"instrument":"X","best_bid":1,"best_ask":2}') is Shape.MESSAGES


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"[1]", "expected one JSON object"),
        (b"not json", "expected one JSON object"),
        (b'{"a":1,"b":2}', "found the keys ['a', 'b']"),
    ],
)
def test_an_unknown_shape_says_what_it_could_be(line: bytes, text: str) -> None:
    with pytest.raises(LineError) as raised:
        shape_of(line)
    assert text in str(raised.value)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'{"timestamp":1,"instrument":"X","best_bid":2.0,"best_ask":1.0}', "expected 0 < best_bid < best_ask"),
        (b'{"timestamp":1,"instrument":"X","best_bid":0.0,"best_ask":1.0}', "expected 0 < best_bid < best_ask"),
        (b'{"timestamp":1,"instrument":"X","best_bid":null,"best_ask":1.0}', "found None and 1.0"),
        (b'{"timestamp":1,"instrument":"X","best_bid":"2","best_ask":1.0}', "$.best_bid"),
        (b'{"timestamp":1,"instrument":"X","best_ask":1.0}', "missing required field `best_bid`"),
        (b'{"timestamp":"soon","instrument":"X","best_bid":1.0,"best_ask":2.0}', "$.timestamp"),
        (b'{"timestamp":-5,"instrument":"X","best_bid":1.0,"best_ask":2.0}', "since 1970, found -5"),
        (b'{"timestamp":1,"instrument":7,"best_bid":1.0,"best_ask":2.0}', "$.instrument"),
        (b'{"type":"quote","received_ns":1,"timestamp":1,"instrument":"X"}', "missing required field `bid`"),
        (b'{"timestamp":1,"name":"","value":1}', "expected a name, a number"),
        (b'{"timestamp":1,"name":"x","value":"high"}', "$.value"),
        (b'{"type":"nothing","received_ns":1}', "Invalid value 'nothing'"),
        (b'{"timestamp":1', "expected one JSON object"),
        (b'{"instrument":"\xff"}', "expected one JSON object"),
    ],
)
def test_a_bad_line_says_what_was_expected_and_found(line: bytes, text: str) -> None:
    with pytest.raises(LineError) as raised:
        messages_of(line, 1)
    assert text in str(raised.value)
    assert "found" in str(raised.value)


@given(st.binary(max_size=200))
def test_no_line_makes_it_fail_otherwise(line: bytes) -> None:
    for read in (messages_of, frame_of, reply_of):
        with pytest.raises(LineError):
            read(line + b"!", 1)
