"""A venue's REST, played from a recording: each book is there from the moment at which its recorder got it."""

from collections.abc import Iterable

import msgspec

from services.market_data.adapters.depth_tape import ANY, DepthTape, is_depth, symbol_of
from services.market_data.adapters.recording_lines import RecordedReply
from services.market_data.core.inputs import DepthFailed, DepthReply, DepthRequest


class RecordedRest:
    """Answers requests for books as of the position of a replay. Positions are received times, nanoseconds UTC."""

    def __init__(self, recorded: Iterable[RecordedReply]) -> None:
        """Take the recorded replies; those that are no books are let pass. ValueError if a book cannot be read."""
        bodies: dict[str, list[bytes]] = {}
        self._there_from_ns: dict[str, int] = {}
        for reply in filter(is_depth, recorded):
            symbol = symbol_of(reply)
            bodies.setdefault(symbol, []).append(reply.body)
            self._there_from_ns.setdefault(symbol, reply.ts_ns or 0)
        try:
            self._tape = DepthTape(bodies)
        except msgspec.DecodeError as error:
            raise ValueError(f"expected books as bodies of the REST replies: {error}") from error
        self._waiting: dict[str, DepthRequest] = {}

    def see(self, payload: bytes) -> None:
        """Take a frame that is being delivered: the books follow the recorded diffs."""
        self._tape.see(payload)

    def ask(self, request: DepthRequest, position_ns: int) -> list[DepthReply | DepthFailed]:
        """Return the answer if it is there already; else it comes from `due`. A repeated request has one answer."""
        self._waiting[request.symbol] = request
        return self.due(position_ns)

    def due(self, position_ns: int) -> list[DepthReply | DepthFailed]:
        """Return the answers that are there at `position_ns` and were asked for, and forget the requests."""
        if not self._waiting:
            return []
        ready = [request for request in self._waiting.values() if self._ready_ns(request.symbol) <= position_ns]
        for request in ready:
            del self._waiting[request.symbol]
        return [self._answer(request, position_ns) for request in ready]

    def _ready_ns(self, symbol: str) -> int:
        return self._there_from_ns.get(symbol, self._there_from_ns.get(ANY, 0))

    def _answer(self, request: DepthRequest, position_ns: int) -> DepthReply | DepthFailed:
        book = self._tape.book(request.symbol)
        if book is None:
            return DepthFailed(request.symbol, f"no book of {request.symbol} was recorded")
        return DepthReply(request.symbol, book.body(request.limit), position_ns)
