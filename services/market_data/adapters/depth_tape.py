"""Binance's order books as a recording knew them at any moment: recorded snapshots carried on by the recorded diffs.

A recording holds the REST snapshots that its recorder asked for, once per symbol. Whoever asks at another moment of the
replay gets the snapshot that the venue would have given then, with the venue's own price and size texts.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs, urlsplit

import msgspec

from services.market_data.adapters.recording_lines import RecordedReply

ANY = ""
"""Stands for the symbol of a snapshot whose URL was not recorded."""

_Levels = list[tuple[str, str]]
_DIFF_MARK = b'"depthUpdate"'
_MARK_WITHIN = 128
"""A combined frame names its event within its first bytes; only such frames are decoded."""


class _Body(msgspec.Struct, rename={"update_id": "lastUpdateId"}, gc=False):
    update_id: int
    bids: _Levels
    asks: _Levels


class _Diff(msgspec.Struct, rename={"symbol": "s", "first": "U", "last": "u", "bids": "b", "asks": "a"}, gc=False):
    symbol: str
    first: int
    last: int
    bids: _Levels
    asks: _Levels


class _Combined(msgspec.Struct, gc=False):
    data: _Diff


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_diff = msgspec.json.Decoder(_Diff).decode
_decode_combined = msgspec.json.Decoder(_Combined).decode
_encode = msgspec.json.Encoder().encode


class DepthBook:
    """One symbol's book. `gaps` counts diffs that did not follow the one before."""

    def __init__(self, bodies: Iterable[bytes]) -> None:
        """Take the recorded REST bodies, in any order, at least one; msgspec.DecodeError if one is none."""
        self._later = deque(sorted((_decode_body(body) for body in bodies), key=lambda body: body.update_id))
        self.gaps = 0
        self.update_id = 0
        self._bids: dict[float, tuple[str, str]] = {}
        self._asks: dict[float, tuple[str, str]] = {}
        self._adopt(self._later.popleft())

    def apply(self, first: int, last: int, bids: _Levels, asks: _Levels) -> None:
        """Apply a diff unless the book is ahead of it; a later snapshot, once reached, replaces the book."""
        while self._later and self._later[0].update_id <= last:
            self._adopt(self._later.popleft())
        if last <= self.update_id:
            return
        if first > self.update_id + 1:
            self.gaps += 1
        self.update_id = last
        for side, levels in ((self._bids, bids), (self._asks, asks)):
            for level in levels:
                if float(level[1]) == 0.0:
                    side.pop(float(level[0]), None)
                else:
                    side[float(level[0])] = level

    def body(self, limit: int) -> bytes:
        """Return the book as the venue's REST would, at most `limit` levels a side."""
        bids = [self._bids[price] for price in sorted(self._bids, reverse=True)[:limit]]
        asks = [self._asks[price] for price in sorted(self._asks)[:limit]]
        return _encode(_Body(self.update_id, bids, asks))

    def _adopt(self, body: _Body) -> None:
        self.update_id = body.update_id
        self._bids = {float(level[0]): level for level in body.bids}
        self._asks = {float(level[0]): level for level in body.asks}


class DepthTape:
    """The books of all symbols that a recording has snapshots of.

    A snapshot whose URL was not recorded is filed under ANY; it belongs to the symbol of the first diff.
    """

    def __init__(self, bodies: Mapping[str, list[bytes]]) -> None:
        self._books = {symbol: DepthBook(found) for symbol, found in bodies.items()}

    def book(self, symbol: str) -> DepthBook | None:
        """Return the book of a symbol as of the last frame seen, None if no snapshot of it was recorded."""
        return self._books.get(symbol) or self._books.get(ANY)

    def see(self, payload: bytes) -> None:
        """Take a frame that is being delivered, combined or not; what is no depth diff is let pass."""
        if payload.find(_DIFF_MARK, 0, _MARK_WITHIN) < 0:
            return
        try:
            diff = _decode_combined(payload).data if payload.startswith(b'{"stream"') else _decode_diff(payload)
        except msgspec.DecodeError:
            return  # Served as recorded all the same; who reads it will judge it.
        if ANY in self._books:
            self._books.setdefault(diff.symbol, self._books.pop(ANY))
        book = self._books.get(diff.symbol)
        if book is not None:
            book.apply(diff.first, diff.last, diff.bids, diff.asks)


def is_depth(reply: RecordedReply) -> bool:
    """Return whether a REST reply is a book: by its URL, or without one by its body."""
    if reply.url is None:
        return reply.body.startswith(b'{"lastUpdateId"')
    return urlsplit(reply.url).path.endswith("/depth")


def symbol_of(reply: RecordedReply) -> str:
    """Return the symbol that a REST request named; ANY if its URL was not recorded or names none."""
    found = parse_qs(urlsplit(reply.url or "").query).get("symbol", [])
    return found[0].upper() if found else ANY
