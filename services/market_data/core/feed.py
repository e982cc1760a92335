"""The core of a venue's feed: frames and times in, market data, market states and requests out."""

from collections.abc import Sequence
from typing import Any

from common.config.models import MarketDataSection
from common.messages import AnyMessage
from common.timeframes import NS_PER_MS
from services.market_data.core.desk import NEVER, Board
from services.market_data.core.events import SubscriptionReply, Undecodable, UnknownEvent, VenueEvent
from services.market_data.core.inputs import (
    Connected,
    CoreInput,
    CoreOutput,
    DepthFailed,
    DepthReply,
    DepthRequest,
    Disconnected,
    Reconnect,
    VenueFrame,
)
from services.market_data.core.pacing import Pacer
from services.market_data.core.publishing import snapshot_of
from services.market_data.core.venue_desk import VenueDesk
from services.market_data.core.venues import Venue

DEPTH_LIMIT = 1_000
"""Levels a side that are asked for: a larger book costs five times as much of what the venue grants a minute."""
DEPTH_BURST = 10
"""Books asked for at once."""
DEPTH_INTERVAL_NS = 600_000_000
"""Between two books after that: 100 a minute at a weight of 50 stay below the 6000 a minute that Binance grants.
https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints#order-book"""
SILENT_STALES = 6
"""The whole connection is given up after the silence in which a symbol would have gone stale so many times over."""
MAX_KINDS = 32
"""Kinds of unknown frames that are counted by name."""
OTHER_KINDS = "other"


class MarketDataCore:
    """A `FeedCore` over one venue's connection."""

    def __init__(self, config: MarketDataSection, symbols: Sequence[str], venue: Venue) -> None:
        """Follow `symbols`, spelt as the venue does, whose frames `venue` reads (see `venues.load`)."""
        self._venue = venue
        self._board = Board([VenueDesk(symbol, config) for symbol in symbols])
        self._depth_limit = min(DEPTH_LIMIT, config.book_depth)
        self._pacer = Pacer(DEPTH_BURST, DEPTH_INTERVAL_NS)
        self._silence_ns = SILENT_STALES * config.stale_after_ms * NS_PER_MS
        self._silent_at_ns = NEVER
        self._connections = self._reconnect_requests = 0
        self._frames = self._undecodable = self._unknown_symbols = 0
        self._refused_subscriptions = self._failed_books = 0
        self._unknown_kinds: dict[str, int] = {}
        self._last_error = ""

    def handle(self, given: CoreInput, now_ns: int) -> Sequence[CoreOutput]:
        """Take a frame, the body of a book, or the fate of the connection; a message is none of these and is ignored."""
        match given:
            case VenueFrame():
                return self._take_frame(given, now_ns)
            case DepthReply():
                return self._take_book(given, now_ns)
            case DepthFailed():
                return self._book_failed(given.symbol, given.error, now_ns)
            case Connected():
                return self._connected(now_ns)
            case Disconnected():
                return self._disconnected(given.reason, now_ns)
            case _:
                return ()

    def next_deadline_ns(self) -> int | None:
        """Return when a symbol goes stale, a bar closes, a book is to be asked for, or the connection counts as dead."""
        deadline_ns = min(self._board.next_deadline_ns(), self._silent_at_ns)
        return None if deadline_ns == NEVER else deadline_ns

    def on_deadline(self, now_ns: int) -> Sequence[CoreOutput]:
        """Do what was due by now_ns."""
        outputs: list[CoreOutput] = []
        for desk in self._board.desks.values():
            outputs += self._ask_for_book(desk, now_ns)
        outputs += self._board.on_deadline(now_ns)
        if now_ns >= self._silent_at_ns:
            self._reconnect_requests += 1
            self._silent_at_ns = now_ns + self._silence_ns
            outputs.append(Reconnect(f"no frame for {self._silence_ns // NS_PER_MS} ms"))
        return outputs

    def topic_snapshot(self, topic: str) -> AnyMessage | None:
        """Return the current book for `book.<symbol>` while it is good, else None."""
        stream, _, symbol = topic.partition(".")
        desk = self._board.desks.get(symbol)
        if stream != "book" or desk is None or not desk.sync.synced:
            return None
        heard_ns = desk.quality.heard_at_ns
        return snapshot_of(symbol, desk.sync.book, heard_ns, heard_ns)

    def require_bars(self, symbol: str, timeframe: str) -> None:
        """Build bars of this length from now on; ValueError says what is wrong with the wish."""
        self._board.require_bars(symbol, timeframe)

    def status(self) -> dict[str, Any]:
        """Return totals, what went wrong on the connection, and each symbol's summary."""
        return {
            **self._board.status(),
            "connected": self._silent_at_ns != NEVER,
            "connections": self._connections,
            "reconnect_requests": self._reconnect_requests,
            "frames": self._frames,
            "undecodable": self._undecodable,
            "unknown_kinds": dict(self._unknown_kinds),
            "unknown_symbols": self._unknown_symbols,
            "refused_subscriptions": self._refused_subscriptions,
            "failed_books": self._failed_books,
            "delayed_books": self._pacer.delayed,
            "last_error": self._last_error,
        }

    def _take_frame(self, frame: VenueFrame, now_ns: int) -> Sequence[CoreOutput]:
        self._frames += 1
        if self._silent_at_ns != NEVER:
            self._silent_at_ns = now_ns + self._silence_ns
        outputs: list[CoreOutput] = []
        for event in self._venue.decode(frame.payload):
            outputs += self._take_event(event, frame.received_ns, now_ns)
        return outputs

    def _take_event(self, event: VenueEvent, received_ns: int, now_ns: int) -> Sequence[CoreOutput]:
        match event:
            case Undecodable():
                self._undecodable += 1
                self._last_error = f"{event.error}: {event.found}"
            case UnknownEvent():
                kinds = self._unknown_kinds
                kind = event.kind if event.kind in kinds or len(kinds) < MAX_KINDS else OTHER_KINDS
                kinds[kind] = kinds.get(kind, 0) + 1
            case SubscriptionReply():
                if event.error:
                    self._refused_subscriptions += 1
                    self._last_error = f"subscription {event.id} refused: {event.error}"
            case _:
                desk = self._board.desks.get(event.symbol)
                if desk is not None:
                    return self._settled(desk, desk.take(event, received_ns, now_ns), now_ns)
                self._unknown_symbols += 1
        return ()

    def _take_book(self, reply: DepthReply, now_ns: int) -> Sequence[CoreOutput]:
        book = self._venue.decode_depth(reply.payload)
        if isinstance(book, Undecodable):
            return self._book_failed(reply.symbol, f"{book.error}: {book.found}", now_ns)
        desk = self._board.desks.get(reply.symbol)
        if desk is None:
            self._unknown_symbols += 1
            return ()
        return self._settled(desk, desk.take_snapshot(book, reply.received_ns, now_ns), now_ns)

    def _book_failed(self, symbol: str, error: str, now_ns: int) -> Sequence[CoreOutput]:
        self._failed_books += 1
        self._last_error = f"book of {symbol}: {error}"
        desk = self._board.desks.get(symbol)
        if desk is None:
            return ()
        desk.sync.failed(now_ns)
        return self._settled(desk, (), now_ns)

    def _connected(self, now_ns: int) -> Sequence[CoreOutput]:
        self._connections += 1
        self._silent_at_ns = now_ns + self._silence_ns
        outputs: list[CoreOutput] = []
        for desk in self._board.desks.values():
            outputs += self._settled(desk, desk.connected(now_ns), now_ns)
        return outputs

    def _disconnected(self, reason: str, now_ns: int) -> Sequence[CoreOutput]:
        self._silent_at_ns = NEVER
        self._last_error = f"disconnected: {reason}"
        outputs: list[CoreOutput] = []
        for desk in self._board.desks.values():
            outputs += self._settled(desk, desk.disconnected(reason, now_ns), now_ns)
        return outputs

    def _settled(self, desk: VenueDesk, messages: Sequence[AnyMessage], now_ns: int) -> Sequence[CoreOutput]:
        """Return the messages, with a request for the book if the desk wants it now; note its next deadline."""
        requests = self._ask_for_book(desk, now_ns)
        self._board.touched(desk)
        return [*messages, *requests] if requests else messages

    def _ask_for_book(self, desk: VenueDesk, now_ns: int) -> Sequence[DepthRequest]:
        sync = desk.sync
        if sync.request_at_ns is None or now_ns < sync.request_at_ns:
            return ()
        allowed_ns = self._pacer.wait_until_ns(now_ns)
        if allowed_ns > now_ns:
            sync.request_at_ns = allowed_ns
            return ()
        sync.requested(now_ns)
        return (DepthRequest(desk.symbol, self._depth_limit),)
