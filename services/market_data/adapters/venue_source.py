"""A venue as a source: its WebSocket, its REST and its subscriptions, by the functions of its venue file."""

import dataclasses
import random
import ssl
from collections.abc import Callable, Sequence
from typing import assert_never

from common.clock import Clock, monotonic_ns
from services.market_data.adapters.requests import RequestQueue
from services.market_data.adapters.rest import RestFetcher, RestSettings
from services.market_data.adapters.websocket import WebSocketFeed, WebSocketSettings
from services.market_data.core.inputs import CoreInput, DepthRequest, Reconnect, SourceRequest
from services.market_data.core.venues import Venue, load

type _MakeFrame = Callable[[int, Sequence[str], Sequence[str]], str]

MAX_URL_BYTES = 4_000
"""Longer request lines are refused by many servers."""
CLOSE_WITHIN_S = 1.0
"""Time that threads get at the end; they are daemons and hold nothing that could be lost."""


@dataclasses.dataclass(frozen=True, slots=True)
class VenueSettings:
    """What is followed, where, and within which bounds. `rest_url` empty: the one that belongs to `websocket_url`."""

    venue: str
    websocket_url: str
    rest_url: str
    streams: tuple[str, ...]
    seed: int = 0
    """Of the jitter of reconnects only."""
    websocket: WebSocketSettings = dataclasses.field(default_factory=WebSocketSettings)
    rest: RestSettings = dataclasses.field(default_factory=RestSettings)


class VenueSource:
    """One connection for all symbols; see `PollableSource`.

    The URL names the streams, so a connection is subscribed when it opens. A list too long for a URL, and every change
    of an open connection, goes by request frames instead.
    """

    def __init__(self, settings: VenueSettings, symbols: Sequence[str], clock: Clock) -> None:
        """Connect nothing yet; ValueError if the venue, an address or a stream is none."""
        tls = ssl.create_default_context()
        self._settings = settings
        self._venue: Venue = load(settings.venue)
        self._rest_base = settings.rest_url or self._venue.rest_base(settings.websocket_url)
        self._clock = clock
        self._symbols = list(dict.fromkeys(symbols))
        self._url_is_complete = True
        self._feed = WebSocketFeed(self._url(), settings.websocket, random.Random(settings.seed), tls=tls)  # noqa: S311 - jitter is no secret
        self._rest = RestFetcher(settings.rest, tls)
        self._requests = RequestQueue()
        self._told: list[CoreInput] = []
        self._connects_seen = 0
        self._changed = False

    @property
    def name(self) -> str:
        """Return the venue's name, as in the configuration."""
        return self._settings.venue

    def filenos(self) -> Sequence[int]:
        """Return the file descriptors to poll for reading; they stay the same for the source's life."""
        return (self._feed.fileno(), self._rest.fileno())

    def next_deadline_ns(self) -> int | None:
        """Return the monotonic time by which `stream` wants to be called; 0 is at once, None while nothing is planned."""
        if self._told:
            return 0
        deadlines = (self._feed.next_deadline_ns(), self._requests.next_deadline_ns())
        return min((deadline_ns for deadline_ns in deadlines if deadline_ns is not None), default=None)

    def connect(self) -> None:
        """Begin to connect, and to reconnect with backoff whenever the connection ends."""
        self._feed.connect()

    def subscribe(self, symbols: Sequence[str]) -> None:
        """Add symbols to what is followed: on the open connection at once, and on every later one."""
        added = [symbol for symbol in dict.fromkeys(symbols) if symbol not in self._symbols]
        self._symbols += added
        self._follow(self._venue.subscribe_frame, added)

    def unsubscribe(self, symbols: Sequence[str]) -> None:
        """Take symbols away from what is followed."""
        removed = [symbol for symbol in dict.fromkeys(symbols) if symbol in self._symbols]
        self._symbols = [symbol for symbol in self._symbols if symbol not in removed]
        self._follow(self._venue.unsubscribe_frame, removed)

    def stream(self) -> Sequence[CoreInput]:
        """Return what came since the last call, oldest first, about a mebibyte at most."""
        now_ns = self._clock.now_ns()
        inputs, self._told = self._told, []
        inputs += self._feed.drain(now_ns)
        inputs += self._rest.drain(now_ns)
        if self._feed.counts.connects != self._connects_seen:
            self._opened()
        if self._requests.next_deadline_ns() is not None:
            request = self._requests.due(monotonic_ns())
            if request is not None:
                self._feed.send_text(request)
        return inputs

    def ask(self, request: SourceRequest) -> None:
        """Begin to carry out what the core asked for; its outcome comes as an input."""
        match request:
            case DepthRequest():
                self._rest.get(request.symbol, self._venue.depth_url(self._rest_base, request.symbol, request.limit))
            case Reconnect():
                self._told += self._feed.reconnect(request.reason)
            case _:
                assert_never(request)

    def disconnect(self) -> None:
        """Let go of everything within about twice `CLOSE_WITHIN_S`; `stream` must not be called after it."""
        self._feed.close(CLOSE_WITHIN_S)
        self._rest.close(CLOSE_WITHIN_S)

    def counters(self) -> dict[str, int]:
        """Return what was counted since the source was made."""
        return dataclasses.asdict(self._feed.counts)

    def _url(self) -> str:
        settings = self._settings
        url = self._venue.stream_url(settings.websocket_url, self._symbols, settings.streams)
        self._url_is_complete = len(url) <= MAX_URL_BYTES
        return url if self._url_is_complete else self._venue.stream_url(settings.websocket_url, (), settings.streams)

    def _follow(self, make: _MakeFrame, symbols: Sequence[str]) -> None:
        """Tell the open connection; one that is still being made knows the older list and is told when it opens."""
        self._feed.url = self._url()
        if self._connects_seen:
            self._request(make, symbols)
        self._changed = True

    def _opened(self) -> None:
        self._connects_seen = self._feed.counts.connects
        self._requests.clear()
        if self._changed or not self._url_is_complete:
            self._request(self._venue.subscribe_frame, self._symbols)
        self._changed = False

    def _request(self, make: _MakeFrame, symbols: Sequence[str]) -> None:
        self._requests.add(lambda number, part: make(number, part, self._settings.streams), symbols)
