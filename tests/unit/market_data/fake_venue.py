"""A venue whose frames are Python values, so that a test says what happens and not how it is spelt."""

from collections.abc import Sequence

from services.market_data.core.events import DepthSnapshot, Undecodable, VenueEvent
from services.market_data.core.feed import MarketDataCore
from services.market_data.core.inputs import CoreOutput, DepthReply, VenueFrame
from tests.unit.market_data.builders import section


class FakeVenue:
    """Payloads are numbers of things that were put in before."""

    def __init__(self) -> None:
        self._events: list[Sequence[VenueEvent]] = []
        self._books: list[DepthSnapshot | Undecodable] = []

    def frame(self, *events: VenueEvent) -> bytes:
        self._events.append(events)
        return str(len(self._events) - 1).encode()

    def body(self, book: DepthSnapshot | Undecodable) -> bytes:
        self._books.append(book)
        return str(len(self._books) - 1).encode()

    def decode(self, payload: bytes) -> Sequence[VenueEvent]:
        return self._events[int(payload)]

    def decode_depth(self, payload: bytes) -> DepthSnapshot | Undecodable:
        return self._books[int(payload)]

    def stream_url(self, base_url: str, symbols: Sequence[str], streams: Sequence[str]) -> str:
        return f"{base_url}/{symbols}/{streams}"

    def subscribe_frame(self, request_id: int, symbols: Sequence[str], streams: Sequence[str]) -> str:
        return f"{request_id} {symbols} {streams}"

    def unsubscribe_frame(self, request_id: int, symbols: Sequence[str], streams: Sequence[str]) -> str:
        return f"{request_id} {symbols} {streams}"

    def rest_base(self, websocket_url: str) -> str:
        return websocket_url

    def depth_url(self, rest_base: str, symbol: str, limit: int) -> str:
        return f"{rest_base}/{symbol}/{limit}"


class Feed:
    """A core over the fake venue."""

    def __init__(self, symbols: Sequence[str] = ("X",), **changes: object) -> None:
        self.venue = FakeVenue()
        self.core = MarketDataCore(section(symbols=list(symbols), **changes), symbols, self.venue)

    def events(self, now_ns: int, *events: VenueEvent) -> list[CoreOutput]:
        return list(self.core.handle(VenueFrame(self.venue.frame(*events), now_ns), now_ns))

    def book(self, now_ns: int, book: DepthSnapshot | Undecodable, symbol: str = "X") -> list[CoreOutput]:
        return list(self.core.handle(DepthReply(symbol, self.venue.body(book), now_ns), now_ns))

    def passes(self, now_ns: int) -> list[CoreOutput]:
        return list(self.core.on_deadline(now_ns))
