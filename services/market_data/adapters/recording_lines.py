"""The lines of a recording: one JSON object each, in five shapes, to what they mean and back.

Raw frames   {"ts": 1723161253.937085612, "conn": 0, "frame": "<the venue's exact text>"}   ts may be null
REST         {"ts": 1723161254.206652, "method": "GET", "url": "https://…" or null, "body": "<exact text>"}
Market data  {"timestamp": 1700000000, "instrument": "X", "best_bid": 100.0, "best_ask": 101.0, "delta": 0.6, …}
Signals      {"timestamp": 1700000000, "name": "mood", "symbol": "X", "value": 0.75, "text": "…"}
Messages     {"type": "quote", "timestamp": <ns>, "instrument": "X", "best_bid": …, "received_ns": …, …}

A message is written with the names of the market-data shape, so that who reads that also reads our quotes.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, NamedTuple

import msgspec

from common.messages import AnyMessage, ExternalSignal, Greeks, Quote

_NS = Decimal(1_000_000_000)
_NS_PER_S, _NS_PER_MS, _NS_PER_US = 1_000_000_000, 1_000_000, 1_000
_SHOWN = 120
MAX_SIGNAL_TEXT = 1_000
"""Longest text of a signal, characters."""

# A number of seconds reaches 1e11 in the year 5138, one of milliseconds 1e14 and of microseconds 1e17 then too; read in
# the next finer unit each of these bounds lies in 1973. Between 1973 and 5138 a magnitude therefore has one meaning.
_SECONDS_BELOW, _MILLISECONDS_BELOW, _MICROSECONDS_BELOW = 10**11, 10**14, 10**17
_LATEST_NS = 2**63 - 1

_GREEKS = ("delta", "gamma", "vega", "theta", "iv", "mark", "underlying")
_TO_LINE = {"event_ns": "timestamp", "symbol": "instrument"}
_QUOTE_TO_LINE = {**_TO_LINE, "bid": "best_bid", "ask": "best_ask"}
_FROM_LINE = {name: field for field, name in _TO_LINE.items()}
_QUOTE_FROM_LINE = {name: field for field, name in _QUOTE_TO_LINE.items()}


class LineError(ValueError):
    """A line that is not what its recording promises; the text says what was expected and what was found."""


class OneSidedError(LineError):
    """A line of a market that has no bid, no ask, or a bid that is not below the ask: true, and of no use as a quote."""


class Shape(Enum):
    """What the lines of a recording hold."""

    FRAMES = "raw frames"
    REPLIES = "REST replies"
    MESSAGES = "messages"
    """Orrery's own messages, or the market-data shape, or signals, or all mixed."""


class RecordedFrame(NamedTuple):
    """One text a venue sent. ts_ns: when it was received, None if that was not recorded."""

    ts_ns: int | None
    connection: int
    payload: bytes


class RecordedReply(NamedTuple):
    """One answer of a venue's REST. url: None if it was not recorded."""

    ts_ns: int | None
    method: str
    url: str | None
    body: bytes


class MarketRow(msgspec.Struct, frozen=True, gc=False):
    """A line of the market-data shape. Unknown keys are let pass."""

    timestamp: int | float
    instrument: str
    best_bid: float | None
    best_ask: float | None
    bid_size: float | None = None
    ask_size: float | None = None
    last: float | None = None
    volume: float | None = None
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    iv: float | None = None
    mark: float | None = None
    underlying: float | None = None


class SignalRow(msgspec.Struct, frozen=True, gc=False):
    """A line of signals from outside: a name and a value at a time."""

    timestamp: int | float
    name: str
    value: float
    symbol: str = ""
    text: str = ""


class _FrameLine(msgspec.Struct, gc=False):
    frame: str
    ts: Decimal | None = None
    conn: int = 0


class _ReplyLine(msgspec.Struct, gc=False):
    body: str
    ts: Decimal | None = None
    method: str = "GET"
    url: str | None = None


_encoder = msgspec.json.Encoder()
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode
_decode_frame = msgspec.json.Decoder(_FrameLine).decode
_decode_reply = msgspec.json.Decoder(_ReplyLine).decode


def shape_of(line: bytes) -> Shape:
    """Return the shape a recording has, by its first line; LineError names the shapes."""
    keys = _object(line).keys()
    if "frame" in keys:
        return Shape.FRAMES
    if "body" in keys:
        return Shape.REPLIES
    if "timestamp" in keys:
        return Shape.MESSAGES
    raise LineError(
        "expected a key 'frame' (raw frames), 'body' (REST replies) or 'timestamp' (market data, messages), "
        f"found the keys {sorted(keys)}"
    )


def frame_of(line: bytes, _number: int) -> RecordedFrame:
    """Return the raw frame in a line; LineError."""
    try:
        found = _decode_frame(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LineError(f"expected a raw frame with 'ts', 'conn' and 'frame': {error}; found {_shown(line)}") from error
    return RecordedFrame(_exact_ns(found.ts), found.conn, found.frame.encode())


def reply_of(line: bytes, _number: int) -> RecordedReply:
    """Return the REST reply in a line; LineError."""
    try:
        found = _decode_reply(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LineError(f"expected a REST reply with 'url' and 'body': {error}; found {_shown(line)}") from error
    return RecordedReply(_exact_ns(found.ts), found.method, found.url, found.body.encode())


def messages_of(line: bytes, number: int) -> Sequence[AnyMessage]:
    """Return the messages in a line: Orrery's own; of the market-data shape greeks, if there are any, and the quote; LineError."""
    fields = _object(line)
    try:
        if "type" not in fields or "received_ns" not in fields:
            if "name" in fields and "value" in fields:
                return (_signal(msgspec.convert(fields, SignalRow)),)
            row = msgspec.convert(fields, MarketRow)
            quote = _quote(row, number)
            greeks = {name: getattr(row, name) for name in _GREEKS}
            if all(value is None for value in greeks.values()):
                return (quote,)
            at_ns = quote.event_ns
            return (Greeks(symbol=row.instrument, event_ns=at_ns, received_ns=at_ns, **greeks), quote)
        names = _QUOTE_FROM_LINE if fields["type"] == "quote" else _FROM_LINE
        renamed = {names.get(name, name): value for name, value in fields.items()}
        message: AnyMessage = msgspec.convert(renamed, AnyMessage)
    except msgspec.ValidationError as error:
        raise LineError(f"{error}; found {_shown(line)}") from error
    return (message,)


def signal_of(line: bytes) -> ExternalSignal:
    """Return the signal from outside in a line; LineError."""
    try:
        return _signal(msgspec.convert(_object(line), SignalRow))
    except msgspec.ValidationError as error:
        raise LineError(f"{error}; found {_shown(line)}") from error


def line_of(message: AnyMessage) -> bytes:
    """Return the line of a message, without line end; `messages_of` gives back the identical message."""
    names = _QUOTE_TO_LINE if isinstance(message, Quote) else _TO_LINE
    fields: dict[str, Any] = msgspec.to_builtins(message)
    return _encoder.encode({names.get(name, name): value for name, value in fields.items()})


def line_of_frame(frame: RecordedFrame) -> bytes:
    """Return the line of a raw frame, without line end, its time to the nanosecond."""
    ts, text = _seconds(frame.ts_ns), _encoder.encode(frame.payload.decode(errors="replace"))
    return b'{"ts":%b,"conn":%d,"frame":%b}' % (ts, frame.connection, text)


def line_of_reply(reply: RecordedReply) -> bytes:
    """Return the line of a REST reply, without line end, its time to the nanosecond."""
    method, url, body = map(_encoder.encode, (reply.method, reply.url, reply.body.decode(errors="replace")))
    return b'{"ts":%b,"method":%b,"url":%b,"body":%b}' % (_seconds(reply.ts_ns), method, url, body)


def nanoseconds(timestamp: float) -> int:
    """Return a time in nanoseconds that is given in s, ms, µs or ns; ValueError if it is none of these.

    Before 1973 only seconds are read right: finer units of then cannot be told from coarser ones.
    """
    if not 0 <= timestamp <= _LATEST_NS:
        raise ValueError(f"expected a timestamp in s, ms, µs or ns since 1970, found {timestamp}")
    if timestamp < _SECONDS_BELOW:
        return _scaled(timestamp, _NS_PER_S)
    if timestamp < _MILLISECONDS_BELOW:
        return _scaled(timestamp, _NS_PER_MS)
    if timestamp < _MICROSECONDS_BELOW:
        return _scaled(timestamp, _NS_PER_US)
    return round(timestamp)


def _scaled(timestamp: float, factor: int) -> int:
    # By way of the shortest decimal text: 1723161253.9370856 is that many ten-millionths, whatever its binary form.
    return timestamp * factor if isinstance(timestamp, int) else int(Decimal(repr(timestamp)) * factor)


def _time_of(row: MarketRow | SignalRow) -> int:
    try:
        return nanoseconds(row.timestamp)
    except ValueError as error:
        raise LineError(str(error)) from error


def _signal(row: SignalRow) -> ExternalSignal:
    if not row.name or not isfinite(row.value) or len(row.text) > MAX_SIGNAL_TEXT:
        found = f"{row.name!r} with {row.value} and {len(row.text)} characters"
        raise LineError(f"expected a name, a number, and at most {MAX_SIGNAL_TEXT} characters of text, found {found}")
    at_ns = _time_of(row)
    return ExternalSignal(
        name=row.name, symbol=row.symbol, value=row.value, text=row.text, event_ns=at_ns, received_ns=at_ns
    )


def _quote(row: MarketRow, number: int) -> Quote:
    bid, ask = row.best_bid, row.best_ask
    if bid is None or ask is None or not 0 < bid < ask:
        raise OneSidedError(f"expected 0 < best_bid < best_ask, found {bid} and {ask}")
    at_ns = _time_of(row)
    return Quote(
        symbol=row.instrument,
        bid=bid,
        bid_size=row.bid_size or 0.0,
        ask=ask,
        ask_size=row.ask_size or 0.0,
        update_id=number,
        event_ns=at_ns,
        received_ns=at_ns,
    )


def _object(line: bytes) -> dict[str, Any]:
    try:
        return _decode_object(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LineError(f"expected one JSON object: {error}; found {_shown(line)}") from error


def _exact_ns(seconds: Decimal | None) -> int | None:
    return None if seconds is None else int(seconds * _NS)


def _seconds(ts_ns: int | None) -> bytes:
    return b"null" if ts_ns is None else b"%d.%09d" % divmod(ts_ns, _NS_PER_S)


def _shown(line: bytes) -> str:
    text = line.strip().decode(errors="replace")
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
