"""The core of recorded market data: messages are published again as they were, and bars are built from them."""

from collections.abc import Sequence
from typing import Any, assert_never, override

import msgspec

from common.config.models import MarketDataSection
from common.messages import (
    AnyMessage,
    Bar,
    BarSource,
    BookSnapshot,
    BookUpdate,
    ExternalSignal,
    Greeks,
    MarketState,
    MarketStatus,
    QueueMoved,
    Quote,
    Trade,
)
from services.market_data.core.book import OrderBook
from services.market_data.core.depth_sync import ResyncReason
from services.market_data.core.desk import NEVER, Board, Desk
from services.market_data.core.inputs import CoreInput, CoreOutput, Disconnected
from services.market_data.core.publishing import snapshot_of

Recorded = Trade | Quote | BookSnapshot | BookUpdate | QueueMoved | Greeks | Bar | MarketStatus
"""What a recording may hold."""


class RecordedDesk(Desk):
    """A desk that follows what was recorded; `book` is None until a whole one came, and after a hole."""

    __slots__ = ("_depth", "book", "dropped")

    def __init__(self, symbol: str, config: MarketDataSection) -> None:
        super().__init__(symbol, config)
        self._depth = config.book_depth
        self.book: OrderBook | None = None
        self.dropped = 0

    def take(self, message: Recorded, recorded_ns: int, now_ns: int) -> list[AnyMessage]:
        """Take the next message of the recording, received again now and once before at recorded_ns."""
        if isinstance(message, MarketStatus):
            return self._take_status(message)
        self.quality.heard(now_ns)
        messages: list[AnyMessage] = []
        if self.quality.state in (MarketState.DISCONNECTED, MarketState.STALE):
            messages += self.turn(MarketState.LIVE, "recorded", now_ns)
        # Where the venue sent no time, the recorder's stands in its place and says nothing about the venue's clock.
        timed = message.event_ns != recorded_ns and self.quality.latency(message.event_ns, recorded_ns)
        if timed and not isinstance(message, Trade):
            messages += self.hear(message.event_ns, now_ns)
        match message:
            case Trade():
                return messages + self._take_trade(message)
            case Quote():
                return messages + self._take_quote(message)
            case BookSnapshot():
                return messages + self._take_snapshot(message, now_ns)
            case BookUpdate():
                return messages + self._take_update(message, now_ns)
            case QueueMoved() | Greeks() | Bar():
                return messages + self._take_ready(message)
            case _:
                assert_never(message)

    @override
    def status(self) -> dict[str, Any]:
        return {**super().status(), "book_synced": self.book is not None, "dropped_messages": self.dropped}

    def _take_status(self, message: MarketStatus) -> list[AnyMessage]:
        if message.state is self.quality.state:
            return []
        self.quality.state = message.state
        if message.state is MarketState.DISCONNECTED:
            self.interrupted()
        return [message]

    def _take_trade(self, trade: Trade) -> list[AnyMessage]:
        if self.tape.take(trade.first_trade_id, trade.trade_id, trade.event_ns):
            return self.publish_trade(trade, trade.event_ns)
        return []

    def _take_quote(self, quote: Quote) -> list[AnyMessage]:
        if quote.bid < quote.ask:
            return self.publish_quote(quote)
        self.quality.crossed += 1
        return []

    def _take_snapshot(self, message: BookSnapshot, now_ns: int) -> list[AnyMessage]:
        self.book = OrderBook(self._depth)
        self.book.load(message.update_id, message.bids, message.asks)
        if self.book.crossed():
            return self._doubted(ResyncReason.CROSSED, now_ns)
        return [message, *self.turn(MarketState.LIVE, "synced", now_ns)]

    def _take_update(self, message: BookUpdate, now_ns: int) -> list[AnyMessage]:
        book = self.book
        if book is None or message.update_id <= book.update_id:
            self.dropped += 1
            return []
        if message.first_update_id > book.update_id + 1:
            return self._doubted(ResyncReason.GAP, now_ns)
        book.apply(message.update_id, message.bids, message.asks)
        return self._doubted(ResyncReason.CROSSED, now_ns) if book.crossed() else [message]

    def _take_ready(self, message: QueueMoved | Greeks | Bar) -> list[AnyMessage]:
        if isinstance(message, Greeks):
            return [message]
        if isinstance(message, QueueMoved):
            return [] if self.book is None else [message]
        bar = message
        if bar.source is not BarSource.VENUE and (self.quotes if self.mids else self.trades):
            # Built here anew.
            self.dropped += 1
            return []
        return [bar]

    def _doubted(self, reason: ResyncReason, now_ns: int) -> list[AnyMessage]:
        self.book = None
        self.dropped += 1
        self.quality.resyncs += 1
        self.quality.gaps += reason is ResyncReason.GAP
        self.quality.crossed += reason is ResyncReason.CROSSED
        return [*self.turn(MarketState.RESYNCING, reason, now_ns)]


class RecordedCore:
    """A `FeedCore` over messages that were recorded, of any source."""

    def __init__(self, config: MarketDataSection, symbols: Sequence[str]) -> None:
        """Follow `symbols`; what is recorded of others is counted and left out."""
        self._board = Board([RecordedDesk(symbol, config) for symbol in symbols])
        self._unknown_symbols = self._ignored = 0

    def handle(self, given: CoreInput, now_ns: int) -> Sequence[CoreOutput]:
        """Take the next message of the recording, or its end (`Disconnected`)."""
        match given:
            case Trade() | Quote() | BookSnapshot() | BookUpdate() | QueueMoved() | Greeks() | Bar() | MarketStatus():
                return self._take(given, now_ns)
            case ExternalSignal():
                return (msgspec.structs.replace(given, received_ns=now_ns),)
            case Disconnected():
                return self._ended(given.reason, now_ns)
            case _:
                self._ignored += 1
                return ()

    def next_deadline_ns(self) -> int | None:
        """Return when a symbol goes stale or a bar closes by waiting."""
        deadline_ns = self._board.next_deadline_ns()
        return None if deadline_ns == NEVER else deadline_ns

    def on_deadline(self, now_ns: int) -> Sequence[CoreOutput]:
        """Do what was due by now_ns."""
        return self._board.on_deadline(now_ns)

    def topic_snapshot(self, topic: str) -> AnyMessage | None:
        """Return the current book for `book.<symbol>` while there is one, else None."""
        stream, _, symbol = topic.partition(".")
        desk = self._board.desks.get(symbol)
        if stream != "book" or desk is None or desk.book is None:
            return None
        heard_ns = desk.quality.heard_at_ns
        return snapshot_of(symbol, desk.book, heard_ns, heard_ns)

    def require_bars(self, symbol: str, timeframe: str) -> None:
        """Build bars of this length from now on; ValueError says what is wrong with the wish."""
        self._board.require_bars(symbol, timeframe)

    def status(self) -> dict[str, Any]:
        """Return totals and each symbol's summary."""
        counts = {"unknown_symbols": self._unknown_symbols, "ignored": self._ignored}
        return {**self._board.status(), **counts}

    def _take(self, message: Recorded, now_ns: int) -> Sequence[CoreOutput]:
        desk = self._board.desks.get(message.symbol)
        if desk is None:
            self._unknown_symbols += 1
            return ()
        recorded_ns = message.received_ns
        if recorded_ns != now_ns:
            message = msgspec.structs.replace(message, received_ns=now_ns)
        messages = desk.take(message, recorded_ns, now_ns)
        self._board.touched(desk)
        return messages

    def _ended(self, reason: str, now_ns: int) -> Sequence[CoreOutput]:
        messages: list[AnyMessage] = []
        for desk in self._board.desks.values():
            desk.interrupted()
            messages += desk.turn(MarketState.DISCONNECTED, reason, now_ns)
        return messages
