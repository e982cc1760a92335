"""Binance: addresses, subscriptions, and frames of every kind, good and bad."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Side
from services.market_data.core.events import (
    DepthDiff,
    DepthSnapshot,
    SubscriptionReply,
    Undecodable,
    UnknownEvent,
    VenueCandle,
    VenueEvent,
    VenueQuote,
    VenueTrade,
)
from services.market_data.core.venues import binance

MS = 1_000_000
TRADE = (
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000",'
    '"q":"0.02000000","T":1723161255342,"m":true,"M":true}}'
)
AGG_TRADE = (
    '{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1617566591315,"s":"BTCUSDT","a":665076760,'
    '"p":"58001.03000000","q":"0.08620500","f":745522877,"l":745522879,"T":1617566591314,"m":false,"M":true}}'
)
DEPTH = (
    '{"stream":"dotusdt@depth@100ms","data":{"e":"depthUpdate","E":1617566591307,"s":"DOTUSDT","U":1513939202,'
    '"u":1513939205,"b":[["43.50830000","7.00000000"],["43.50500000","0.00000000"]],"a":[]}}'
)
TICKER = (
    '{"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000",'
    '"a":"61837.64000000","A":"1.54698000"}}'
)
KLINE = (
    '{"stream":"dotusdt@kline_1m","data":{"e":"kline","E":1617566640115,"s":"DOTUSDT","k":{"t":1617566580000,'
    '"T":1617566639999,"s":"DOTUSDT","i":"1m","f":63392587,"L":63392693,"o":"43.52250000","c":"43.52280000",'
    '"h":"43.53930000","l":"43.50020000","v":"1395.48000000","n":107,"x":true,"q":"60738.00365800",'
    '"V":"665.45000000","Q":"28964.72197700","B":"0"}}}'
)


def decoded(text: str | bytes) -> VenueEvent:
    (event,) = binance.decode(text.encode() if isinstance(text, str) else text)
    return event


def test_trade() -> None:
    assert decoded(TRADE) == VenueTrade(
        symbol="BTCUSDT",
        price=61837.63,
        size=0.02,
        side=Side.SELL,  # the buyer was the maker, so the seller came to trade
        trade_id=3735683259,
        first_trade_id=3735683259,
        event_ns=1723161255342 * MS,
        sent_ns=1723161255343 * MS,
        aggregate=False,
    )


def test_aggregate_trade() -> None:
    event = decoded(AGG_TRADE)
    assert isinstance(event, VenueTrade)
    assert (event.first_trade_id, event.trade_id, event.aggregate) == (745522877, 745522879, True)
    assert event.side is Side.BUY


def test_depth() -> None:
    bids = [(43.5083, 7.0), (43.505, 0.0)]
    assert decoded(DEPTH) == DepthDiff("DOTUSDT", 1513939202, 1513939205, 1617566591307 * MS, bids, [])


def test_book_ticker_has_no_time() -> None:
    expected = VenueQuote("BTCUSDT", 61837.63, 3.78826, 61837.64, 1.54698, 50093239212, None)
    assert decoded(TICKER) == expected


def test_an_empty_side_of_the_ticker_is_a_price_of_zero() -> None:
    event = decoded(TICKER.replace("61837.63000000", "0.00000000"))
    assert isinstance(event, VenueQuote)
    assert event.bid == 0.0


def test_kline() -> None:
    assert decoded(KLINE) == VenueCandle(
        symbol="DOTUSDT",
        timeframe="1m",
        start_ns=1617566580000 * MS,
        end_ns=1617566640000 * MS,
        open=43.5225,
        high=43.5393,
        low=43.5002,
        close=43.5228,
        volume=1395.48,
        trade_count=107,
        closed=True,
        sent_ns=1617566640115 * MS,
    )


@pytest.mark.parametrize("text", [TRADE, AGG_TRADE, DEPTH, TICKER, KLINE])
def test_a_single_stream_connection_sends_the_data_alone(text: str) -> None:
    assert decoded(json.dumps(json.loads(text)["data"])) == decoded(text)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ('{"result":null,"id":1}', SubscriptionReply(1, "")),
        ('{"result":["btcusdt@trade"],"id":3}', SubscriptionReply(3, "")),
        ('{"error":{"code":2,"msg":"Invalid request"},"id":7}', SubscriptionReply(7, "2: Invalid request")),
        ('{"code":2,"msg":"Invalid request","id":"a"}', SubscriptionReply("a", "2: Invalid request")),
        ('{"code":3,"msg":"Invalid JSON"}', SubscriptionReply(None, "3: Invalid JSON")),
    ],
)
def test_replies(text: str, reply: SubscriptionReply) -> None:
    assert decoded(text) == reply


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"stream":"btcusdt@miniTicker","data":{"e":"24hrMiniTicker","E":1}}', "24hrMiniTicker"),
        ('{"stream":"btcusdt@depth20","data":{"lastUpdateId":1,"bids":[],"asks":[]}}', "depth20"),
        ('{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker"}]}', "arr"),
        ('{"e":"serverShutdown","E":1}', "serverShutdown"),
    ],
)
def test_what_nobody_reads_is_named(text: str, kind: str) -> None:
    assert decoded(text) == UnknownEvent(kind)


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", "truncated (0 bytes)"),
        (b"\xff\xfe", "malformed"),
        (b"[1]", "Expected `object`, got `array`"),
        (b"{}", "expected stream and data, an event, or a reply"),
        (b'{"stream":"btcusdt@trade"}', "truncated"),
        (b'{"stream":"btcusdt@trade","data":{"e":"trade"}}', "missing required field `E`"),
        (b'{"stream":"btcusdt@depth","data":[]}', "Expected `object`, got `array`"),
        (b'{"e":"trade","E":1,"s":"\xff"}', "utf-8"),
        (b"[" * 100_000, "100000 bytes"),
        (TRADE.replace('"61837.63000000"', '"nan"').encode(), "`$.p`"),
        (TRADE.replace('"61837.63000000"', '"-1"').encode(), "`$.p`"),
        (TRADE.replace('"61837.63000000"', '"0"').encode(), "`$.p`"),
        (TRADE.replace('"0.02000000"', '"inf"').encode(), "`$.q`"),
        (TRADE.replace('"0.02000000"', '"abc"').encode(), "`$.q`"),
        (TRADE.replace("1723161255342", "99999999999999").encode(), "`$.T`"),
        (DEPTH.replace('"43.50830000"', "{}").encode(), "`$.b[0][0]`"),
        (TRADE[:-40].encode(), "truncated"),
    ],
)
def test_garbage_is_named_with_what_was_found(payload: bytes, error: str) -> None:
    event = decoded(payload)
    assert isinstance(event, Undecodable)
    assert error in event.error
    assert event.found.strip("'\"").encode()[:3] in (payload[:3], b"\\xf")


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(payload: bytes) -> None:
    for text in (payload, b'{"stream":"a@trade","data":' + payload, b'{"stream":' + payload + b',"data":{}}'):
        assert binance.decode(text)
    assert isinstance(binance.decode_depth(payload), Undecodable)


@given(st.sampled_from([TRADE, AGG_TRADE, DEPTH, TICKER, KLINE]), st.data())
def test_a_damaged_frame_never_raises(text: str, data: st.DataObject) -> None:
    payload = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    assert binance.decode(bytes(payload))


def test_whole_book() -> None:
    body = b'{"lastUpdateId":5,"bids":[["1.5","2.0"]],"asks":[]}'
    assert binance.decode_depth(body) == DepthSnapshot(5, [(1.5, 2.0)], [])


def test_a_refused_book_says_what_the_venue_said() -> None:
    event = binance.decode_depth(b'{"code":-1121,"msg":"Invalid symbol."}')
    assert isinstance(event, Undecodable)
    assert "-1121: Invalid symbol." in event.error


@pytest.mark.parametrize("base", ["ws://h:1", "ws://h:1/", "ws://h:1/ws", "ws://h:1/stream", "ws://h:1/stream/"])
def test_one_connection_carries_all_streams(base: str) -> None:
    url = binance.stream_url(base, ["BTCUSDT", "ETHUSDT"], ["trade", "depth@100ms", "kline_1m"])
    assert url == (
        "ws://h:1/stream?streams=btcusdt@trade/btcusdt@depth@100ms/btcusdt@kline_1m"
        "/ethusdt@trade/ethusdt@depth@100ms/ethusdt@kline_1m"
    )


def test_a_path_of_a_proxy_is_kept() -> None:
    assert binance.stream_url("wss://h/binance", ["A"], ["trade"]) == "wss://h/binance/stream?streams=a@trade"
    assert binance.stream_url("wss://h", [], []) == "wss://h/stream"


def test_too_many_or_unknown_streams_are_refused() -> None:
    symbols = [f"S{number}" for number in range(binance.MAX_STREAMS)]
    assert binance.stream_url("wss://h", symbols, ["trade"])
    with pytest.raises(ValueError, match="at most 1024 streams, found 2048"):
        binance.stream_url("wss://h", symbols, ["trade", "bookTicker"])
    with pytest.raises(ValueError, match=r"market_data.streams: .* found \['kline_7m'\]"):
        binance.stream_url("wss://h", ["A"], ["kline_7m"])


def test_subscribing_on_an_open_connection() -> None:
    assert json.loads(binance.subscribe_frame(4, ["BTCUSDT"], ["trade", "bookTicker"])) == {
        "method": "SUBSCRIBE",
        "params": ["btcusdt@trade", "btcusdt@bookTicker"],
        "id": 4,
    }
    assert json.loads(binance.unsubscribe_frame(5, ["BTCUSDT"], ["trade"]))["method"] == "UNSUBSCRIBE"


@pytest.mark.parametrize(
    ("websocket", "rest"),
    [
        ("wss://stream.binance.com:9443", "https://api.binance.com"),
        ("wss://stream.binance.com:443/ws", "https://api.binance.com"),
        ("wss://data-stream.binance.vision", "https://data-api.binance.vision"),
        ("wss://stream.binance.us:9443/stream", "https://api.binance.us"),
        ("wss://stream.testnet.binance.vision/ws", "https://testnet.binance.vision"),
        ("wss://testnet.binance.vision", "https://testnet.binance.vision"),
        ("ws://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("ws://127.0.0.1:8080/ws", "http://127.0.0.1:8080"),
        ("wss://venue.example:1", "https://venue.example:1"),
    ],
)
def test_rest_address_of_a_websocket_address(websocket: str, rest: str) -> None:
    assert binance.rest_base(websocket) == rest


def test_depth_url() -> None:
    url = binance.depth_url("https://api.binance.com/", "BTCUSDT", 1_000)
    assert url == "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000"
    assert binance.depth_url("http://h", "X", 9_999).endswith("limit=5000")
