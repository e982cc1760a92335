"""The recording that a stand-in serves: what is in it, its frames one by one, and the books at any moment."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from orrery.stand_in.errors import StandInError
from services.market_data.adapters.depth_tape import ANY, DepthTape, is_depth, symbol_of
from services.market_data.adapters.recording_lines import RecordedFrame, RecordedReply, Shape
from services.market_data.adapters.recordings import RecordingError, frames, replies, rest_beside, shape_of_file

_EXCHANGE_INFO = "/exchangeInfo"


class TapeFrame(NamedTuple):
    """A frame as Binance sent it. number counts from 1; at_ns is when it was received, nanoseconds UTC, never falling."""

    number: int
    at_ns: int
    stream: str
    key: str
    data: bytes
    combined: bytes


class _Combined(msgspec.Struct, gc=False):
    stream: str
    data: msgspec.Raw


class _Interval(msgspec.Struct, rename={"interval": "i"}, gc=False):
    interval: str


class _Bare(msgspec.Struct, rename={"symbol": "s", "kind": "e", "kline": "k"}, gc=False):
    symbol: str
    kind: str = "bookTicker"
    kline: _Interval | None = None


_decode_combined = msgspec.json.Decoder(_Combined).decode
_decode_bare = msgspec.json.Decoder(_Bare).decode


def stream_key(stream: str) -> str:
    """Return what makes two stream names the same: symbol in lower case and kind, without the update speed.

    So `btcusdt@depth@100ms` in a recording serves a client that asks for `BTCUSDT@depth`.
    """
    symbol, _, rest = stream.partition("@")
    return f"{symbol.lower()}@{rest.partition('@')[0]}"


class Tape:
    """One recording, read anew by each `frames`; nothing but counts and books is kept in memory."""

    def __init__(self, recording: Path, rest: Path | None) -> None:
        """Look through the whole recording once; StandInError if it cannot be served."""
        self.recording = recording
        self.rest = rest or rest_beside(recording)
        self._keys: dict[str, str] = {}
        self.streams: list[str] = []
        self.symbols: list[str] = []
        self.count = 0
        self.first_ns = 0
        try:
            self._scan()
            self._replies = list(replies(self.rest)) if self.rest else []
            self._information = list(_information_beside(recording))
        except RecordingError as error:
            raise StandInError(str(error)) from error
        self.books = self.rewound_books()

    @property
    def has_books(self) -> bool:
        """Return whether at least one book was recorded."""
        return any(map(is_depth, self._replies))

    def exchange_info(self) -> bytes | None:
        """Return the recorded body of exchangeInfo, if any."""
        found = (*self._replies, *self._information)
        return next((reply.body for reply in found if _EXCHANGE_INFO in (reply.url or "")), None)

    def frames(self) -> Iterator[TapeFrame]:
        """Yield the frames from the beginning, in the order of the recording."""
        at_ns = 0
        for number, recorded in enumerate(frames(self.recording), start=1):
            at_ns = max(at_ns, recorded.ts_ns or 0)
            frame = self._frame(number, at_ns, recorded)
            if frame is not None:
                yield frame

    def rewound_books(self) -> DepthTape:
        """Return the books as of the beginning, and use them from now on."""
        bodies: dict[str, list[bytes]] = {}
        for reply in filter(is_depth, self._replies):
            bodies.setdefault(self._symbol(reply), []).append(reply.body)
        try:
            self.books = DepthTape(bodies)
        except msgspec.DecodeError as error:
            raise StandInError(f"{self.rest}: expected books as bodies of the REST replies: {error}") from error
        return self.books

    def _scan(self) -> None:
        shape = shape_of_file(self.recording)
        if shape is not Shape.FRAMES:
            raise StandInError(f"{self.recording}: expected a recording of raw frames, found {shape.value}")
        streams: dict[str, None] = {}
        for frame in self.frames():
            streams[frame.stream] = None
            self.first_ns = self.first_ns or frame.at_ns
            self.count += 1
        if not self.count:
            raise StandInError(f"{self.recording}: expected frames of Binance market-data streams, found none")
        self.streams = sorted(streams)
        self.symbols = sorted({stream.partition("@")[0].upper() for stream in streams})

    def _frame(self, number: int, at_ns: int, recorded: RecordedFrame) -> TapeFrame | None:
        payload = recorded.payload
        try:
            found = _decode_combined(payload)
            stream, data, combined = found.stream, bytes(found.data), payload
        except msgspec.DecodeError:
            stream, data, combined = _bare_stream(payload), payload, b""
        if not stream:
            return None
        key = self._keys.get(stream) or self._keys.setdefault(stream, stream_key(stream))
        return TapeFrame(number, at_ns, stream, key, data, combined or in_envelope(stream, data))

    def _symbol(self, reply: RecordedReply) -> str:
        symbol = symbol_of(reply)
        if symbol != ANY:
            return symbol
        with_depth = [stream for stream in self.streams if stream_key(stream).endswith("@depth")]
        if len(with_depth) != 1:
            raise StandInError(
                f"{self.rest}: a snapshot without a recorded URL: expected one depth stream that it can belong to, "
                f"found {with_depth}"
            )
        return with_depth[0].partition("@")[0].upper()


def in_envelope(stream: str, data: bytes) -> bytes:
    """Return a frame of the combined stream."""
    return b'{"stream":"%b","data":%b}' % (stream.encode(), data)


def _bare_stream(payload: bytes) -> str:
    """Return the stream that a frame of a single-stream connection belongs to, "" for what is no market data."""
    try:
        found = _decode_bare(payload)
    except msgspec.DecodeError:
        return ""
    kind = {"depthUpdate": "depth", "kline": f"kline_{found.kline.interval if found.kline else ''}"}.get(found.kind)
    return f"{found.symbol.lower()}@{kind or found.kind}"


def _information_beside(recording: Path) -> Iterator[RecordedReply]:
    prefix, ending, _ = recording.name.partition("_ws.jsonl")
    for suffix in (".gz", ""):
        path = recording.with_name(f"{prefix}_exchangeinfo_rest.jsonl{suffix}")
        if ending and path.is_file():
            yield from replies(path)
            return
