"""Binance spot (.com, .us, testnet): its addresses, its subscriptions, its frames."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import field

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
    undecodable,
)

KLINE_INTERVALS = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")
"""Candle lengths that may be followed as `kline_<interval>`."""
STREAMS = ("trade", "aggTrade", "bookTicker", "depth", "depth@100ms", *(f"kline_{name}" for name in KLINE_INTERVALS))
"""Streams of a symbol that are read here."""
MAX_STREAMS = 1_024
"""Streams that one connection may carry, says the venue (web-socket-streams, "Limits")."""
MAX_DEPTH_LIMIT = 5_000
"""Levels a side that the venue's REST gives at most."""

_REST_OF_HOST = {
    "stream.binance.com": "https://api.binance.com",
    "data-stream.binance.vision": "https://data-api.binance.vision",
    "stream.binance.us": "https://api.binance.us",
    "stream.testnet.binance.vision": "https://testnet.binance.vision",
    "testnet.binance.vision": "https://testnet.binance.vision",
}
_TICKER = "bookTicker"
_NS_PER_MS = 1_000_000

# Bounds that no market reaches; they also keep out nan and inf, which a quoted float may spell.
_Price = Annotated[float, msgspec.Meta(gt=0.0, lt=1e15)]
_Size = Annotated[float, msgspec.Meta(ge=0.0, lt=1e18)]
_PriceOrNone = Annotated[float, msgspec.Meta(ge=0.0, lt=1e15)]  # An empty side is shown as price 0.
_Levels = list[tuple[_Price, _Size]]
_Id = Annotated[int, msgspec.Meta(ge=0)]
_Ms = Annotated[int, msgspec.Meta(ge=0, lt=1 << 43)]  # Until the year 2248, so that nanoseconds fit in 64 bits.


class _Execution(msgspec.Struct, gc=False):
    sent_ms: _Ms = field(name="E")
    symbol: str = field(name="s")
    price: _Price = field(name="p")
    size: _Size = field(name="q")
    made_ms: _Ms = field(name="T")
    buyer_was_maker: bool = field(name="m")

    def trade(self, first: int, last: int, *, aggregate: bool) -> VenueTrade:
        side = Side.SELL if self.buyer_was_maker else Side.BUY
        made_ns, sent_ns = self.made_ms * _NS_PER_MS, self.sent_ms * _NS_PER_MS
        return VenueTrade(self.symbol, self.price, self.size, side, last, first, made_ns, sent_ns, aggregate)


# {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000",
#  "q":"0.02000000","T":1723161255342,"m":true,"M":true}}
# https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#trade-streams
class _Trade(_Execution, tag_field="e", tag="trade", kw_only=True, gc=False):
    trade_id: _Id = field(name="t")

    def event(self) -> VenueTrade:
        return self.trade(self.trade_id, self.trade_id, aggregate=False)


# {"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1617566591315,"s":"BTCUSDT","a":665076760,
#  "p":"58001.03000000","q":"0.08620500","f":745522877,"l":745522877,"T":1617566591314,"m":true,"M":true}}
# https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#aggregate-trade-streams
class _AggTrade(_Execution, tag_field="e", tag="aggTrade", kw_only=True, gc=False):
    first_id: _Id = field(name="f")
    last_id: _Id = field(name="l")

    def event(self) -> VenueTrade:
        return self.trade(self.first_id, self.last_id, aggregate=True)


# {"stream":"dotusdt@depth@100ms","data":{"e":"depthUpdate","E":1617566591307,"s":"DOTUSDT","U":1513939202,
#  "u":1513939205,"b":[["43.50830000","7.00000000"],["43.50500000","0.00000000"]],"a":[]}}
# https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#diff-depth-stream
class _Depth(msgspec.Struct, tag_field="e", tag="depthUpdate", gc=False):
    sent_ms: _Ms = field(name="E")
    symbol: str = field(name="s")
    first_id: _Id = field(name="U")
    last_id: _Id = field(name="u")
    bids: _Levels = field(name="b")
    asks: _Levels = field(name="a")

    def event(self) -> DepthDiff:
        return DepthDiff(self.symbol, self.first_id, self.last_id, self.sent_ms * _NS_PER_MS, self.bids, self.asks)


class _KlineBody(msgspec.Struct, gc=False):
    first_ms: _Ms = field(name="t")
    last_ms: _Ms = field(name="T")
    interval: str = field(name="i")
    open: _Price = field(name="o")
    high: _Price = field(name="h")
    low: _Price = field(name="l")
    close: _Price = field(name="c")
    volume: _Size = field(name="v")
    trades: _Id = field(name="n")
    closed: bool = field(name="x")


# {"stream":"dotusdt@kline_1m","data":{"e":"kline","E":1617566640115,"s":"DOTUSDT","k":{"t":1617566580000,"T":
#  1617566639999,"s":"DOTUSDT","i":"1m","f":63392587,"L":63392693,"o":"43.52250000","c":"43.52280000","h":"43.53930000",
#  "l":"43.50020000","v":"1395.48000000","n":107,"x":true,"q":"60738.00365800","V":"665.45000000", ...}}}
# https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#klinecandlestick-streams-for-utc
class _Kline(msgspec.Struct, tag_field="e", tag="kline", gc=False):
    sent_ms: _Ms = field(name="E")
    symbol: str = field(name="s")
    body: _KlineBody = field(name="k")

    def event(self) -> VenueCandle:
        body = self.body
        return VenueCandle(
            symbol=self.symbol,
            timeframe=body.interval,
            start_ns=body.first_ms * _NS_PER_MS,
            end_ns=(body.last_ms + 1) * _NS_PER_MS,
            open=body.open,
            high=body.high,
            low=body.low,
            close=body.close,
            volume=body.volume,
            trade_count=body.trades,
            closed=body.closed,
            sent_ns=self.sent_ms * _NS_PER_MS,
        )


# {"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000",
#  "a":"61837.64000000","A":"1.54698000"}}
# https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#individual-symbol-book-ticker-streams
class _BookTicker(msgspec.Struct, gc=False):
    update_id: _Id = field(name="u")
    symbol: str = field(name="s")
    bid: _PriceOrNone = field(name="b")
    bid_size: _Size = field(name="B")
    ask: _PriceOrNone = field(name="a")
    ask_size: _Size = field(name="A")

    def event(self) -> VenueQuote:
        return VenueQuote(self.symbol, self.bid, self.bid_size, self.ask, self.ask_size, self.update_id, None)


# GET /api/v3/depth gives {"lastUpdateId":50093239218,"bids":[["61837.63000000","3.78826000"]],"asks":[["61837.64000000","..."]]}
# https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book
class _DepthBody(msgspec.Struct, gc=False):
    update_id: _Id = field(name="lastUpdateId")
    bids: _Levels
    asks: _Levels


# {"code":-1121,"msg":"Invalid symbol."} from REST, {"code":2,"msg":"Invalid request: ..."} from the WebSocket
# https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#error-messages
class _Error(msgspec.Struct, gc=False):
    code: int
    msg: str = ""


# A combined frame has stream and data; on a single-stream connection (/ws/btcusdt@trade) the frame is the data itself.
# A reply is {"result":null,"id":1}, {"error":{"code":2,"msg":"..."},"id":1} or {"code":2,"msg":"...","id":1}.
class _Envelope(msgspec.Struct, gc=False):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    kind: str = field(name="e", default="")
    update_id: int | None = field(name="u", default=None)
    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: _Error | None = None
    code: int | None = None
    msg: str = ""


class _Kind(msgspec.Struct, gc=False):
    kind: str = field(name="e", default="")


_envelopes = msgspec.json.Decoder(_Envelope)
_events = msgspec.json.Decoder(_Trade | _AggTrade | _Depth | _Kline, strict=False)
_tickers = msgspec.json.Decoder(_BookTicker, strict=False)
_kinds = msgspec.json.Decoder(_Kind)
_bodies = msgspec.json.Decoder(_DepthBody, strict=False)
_errors = msgspec.json.Decoder(_Error)
_KINDS = ("trade", "aggTrade", "depthUpdate", "kline")
_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def stream_url(base_url: str, symbols: Sequence[str], streams: Sequence[str]) -> str:
    """Return the URL of one combined connection; base_url may end in /ws or /stream. ValueError for too many streams."""
    base = base_url.rstrip("/").removesuffix("/ws").removesuffix("/stream")
    names = _stream_names(symbols, streams)
    return f"{base}/stream?streams={'/'.join(names)}" if names else f"{base}/stream"


def subscribe_frame(request_id: int, symbols: Sequence[str], streams: Sequence[str]) -> str:
    """Return the frame that adds streams to an open connection."""
    return _request("SUBSCRIBE", request_id, symbols, streams)


def unsubscribe_frame(request_id: int, symbols: Sequence[str], streams: Sequence[str]) -> str:
    """Return the frame that takes streams away from an open connection."""
    return _request("UNSUBSCRIBE", request_id, symbols, streams)


def rest_base(websocket_url: str) -> str:
    """Return the REST address that belongs to a WebSocket address; an unknown host is taken to serve both."""
    scheme, _, rest = websocket_url.partition("://")
    authority = rest.partition("/")[0]
    known = _REST_OF_HOST.get(authority.rpartition("@")[2].partition(":")[0].lower())
    return known or f"{'https' if scheme == 'wss' else 'http'}://{authority}"


def depth_url(rest_base: str, symbol: str, limit: int) -> str:
    """Return the URL of the whole book of a symbol, `limit` levels a side."""
    return f"{rest_base.rstrip('/')}/api/v3/depth?symbol={symbol}&limit={min(limit, MAX_DEPTH_LIMIT)}"


def decode(payload: bytes) -> Sequence[VenueEvent]:
    """Return what a frame says; never raises."""
    try:
        envelope = _envelopes.decode(payload)
    except _FAULTS as error:
        return (undecodable(error, payload),)
    stream = envelope.stream
    data: bytes | msgspec.Raw = envelope.data if stream else payload
    try:
        if stream.endswith(_TICKER) or (not stream and not envelope.kind and envelope.update_id is not None):
            return (_tickers.decode(data).event(),)
        if stream or envelope.kind:
            return (_events.decode(data).event(),)
    except _FAULTS as error:
        return (_unread(stream, data, error, payload),)
    return (_reply(envelope, payload),)


def decode_depth(payload: bytes) -> DepthSnapshot | Undecodable:
    """Return what the body of a REST book says; an error body of the venue is named as such. Never raises."""
    try:
        body = _bodies.decode(payload)
    except _FAULTS as error:
        return undecodable(_refusal(payload) or error, payload)
    return DepthSnapshot(body.update_id, body.bids, body.asks)


def _stream_names(symbols: Sequence[str], streams: Sequence[str]) -> list[str]:
    unknown = [stream for stream in streams if stream not in STREAMS]
    if unknown:
        raise ValueError(f"market_data.streams: expected some of {list(STREAMS)}, found {unknown}")
    names = [f"{symbol.lower()}@{stream}" for symbol in symbols for stream in streams]
    if len(names) > MAX_STREAMS:
        raise ValueError(f"one connection carries at most {MAX_STREAMS} streams, found {len(names)}")
    return names


def _request(method: str, request_id: int, symbols: Sequence[str], streams: Sequence[str]) -> str:
    request = {"method": method, "params": _stream_names(symbols, streams), "id": request_id}
    return msgspec.json.encode(request).decode()


def _unread(stream: str, data: bytes | msgspec.Raw, error: Exception, payload: bytes) -> VenueEvent:
    try:
        kind = _kinds.decode(data).kind
    except _FAULTS:
        kind = ""
    name = kind or stream.partition("@")[2]
    if kind in _KINDS or name in STREAMS or not name:
        return undecodable(error, payload)
    return UnknownEvent(name)


def _reply(envelope: _Envelope, payload: bytes) -> VenueEvent:
    if envelope.error is not None:
        return SubscriptionReply(envelope.id, f"{envelope.error.code}: {envelope.error.msg}")
    if envelope.code is not None:
        return SubscriptionReply(envelope.id, f"{envelope.code}: {envelope.msg}")
    if envelope.id is not None and bytes(envelope.result):
        return SubscriptionReply(envelope.id, "")
    return undecodable(ValueError("expected stream and data, an event, or a reply with id and result"), payload)


def _refusal(payload: bytes) -> Exception | None:
    try:
        error = _errors.decode(payload)
    except _FAULTS:
        return None
    return ValueError(f"the venue refused with {error.code}: {error.msg}")
