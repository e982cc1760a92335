"""One symbol of a venue's feed: its events judged, and turned into messages."""

from collections.abc import Sequence
from typing import Any, assert_never, override

from common.config.models import MarketDataSection
from common.messages import AnyMessage, BookSnapshot, BookUpdate, MarketState
from services.market_data.core.agreement import Agreement
from services.market_data.core.book import Top
from services.market_data.core.depth_sync import DepthSync, ResyncReason, Step
from services.market_data.core.desk import Desk
from services.market_data.core.events import DepthDiff, DepthSnapshot, VenueCandle, VenueQuote, VenueTrade
from services.market_data.core.publishing import bar_of, quote_of, snapshot_of, trade_of, update_of

SymbolEvent = VenueQuote | VenueTrade | DepthDiff | VenueCandle
"""What a venue says of one symbol."""


class VenueDesk(Desk):
    """A desk with a book, if the venue's depth is followed: then the symbol is live only while the book is good."""

    __slots__ = ("_candles", "_follows_depth", "agreement", "old_diffs", "one_sided", "sync")

    def __init__(self, symbol: str, config: MarketDataSection) -> None:
        super().__init__(symbol, config)
        self.sync = DepthSync(config.book_depth)
        self.agreement = Agreement()
        self.old_diffs = self.one_sided = 0
        self._follows_depth = any(stream.startswith("depth") for stream in config.streams)
        self._candles: dict[str, int] = {}

    def connected(self, now_ns: int) -> Sequence[AnyMessage]:
        """Start over on a new connection; its update numbers may be others."""
        self.quote = None
        self.agreement.forget()
        if self._follows_depth:
            self.sync.begin(now_ns)
        return self.turn(MarketState.RESYNCING, ResyncReason.CONNECTED, now_ns)

    def disconnected(self, reason: str, now_ns: int) -> Sequence[AnyMessage]:
        """Throw the book away and fear that trades are missed."""
        self.sync.end()
        self.interrupted()
        return self.turn(MarketState.DISCONNECTED, reason, now_ns)

    def take(self, event: SymbolEvent, received_ns: int, now_ns: int) -> list[AnyMessage]:
        """Take what the venue said; return what is to be published.

        received_ns is when the frame was first read. For a recorded one that was long before now_ns, so it serves for
        the feed's latency and in place of a time that the venue does not send; what is stale is judged by now_ns.
        """
        self.quality.heard(now_ns)
        messages: list[AnyMessage] = []
        if self.quality.state is not MarketState.LIVE and (self.sync.synced or not self._follows_depth):
            messages += self.turn(MarketState.LIVE, "updates arrive", now_ns)
        match event:
            case VenueQuote():
                messages += self._take_quote(event, received_ns, now_ns)
            case VenueTrade():
                messages += self._take_trade(event, received_ns, now_ns)
            case DepthDiff():
                messages += self._take_diff(event, received_ns, now_ns)
            case VenueCandle():
                messages += self._take_candle(event, received_ns, now_ns)
            case _:
                assert_never(event)
        return messages

    def take_snapshot(self, snapshot: DepthSnapshot, received_ns: int, now_ns: int) -> Sequence[AnyMessage]:
        """Take the whole book that was asked for."""
        match self.sync.snapshot(snapshot, now_ns):
            case Step.SYNCED:
                return self._show(snapshot_of(self.symbol, self.sync.book, received_ns, now_ns), now_ns)
            case Step.DOUBTED:
                return self._doubted(now_ns)
            case Step.TOO_OLD | Step.UNWANTED | Step.HELD | Step.OLD | Step.APPLIED:
                return []

    @override
    def deadline_ns(self) -> int:
        request_ns = self.sync.request_at_ns
        own_ns = super().deadline_ns()
        return own_ns if request_ns is None else min(own_ns, request_ns)

    @override
    def status(self) -> dict[str, Any]:
        sync, agreement = self.sync, self.agreement
        return {
            **super().status(),
            "book_synced": sync.synced,
            "book_levels": len(sync.book.bids) + len(sync.book.asks),
            "book_levels_cut": sync.book.cut,
            "book_requests": sync.requests,
            "book_snapshots_too_old": sync.too_old,
            "book_ticker_checks": agreement.checks,
            "book_ticker_mismatches": agreement.mismatches,
            "old_diffs": self.old_diffs,
            "dropped_diffs": sync.held_dropped,
            "one_sided_quotes": self.one_sided,
        }

    def _take_quote(self, event: VenueQuote, received_ns: int, now_ns: int) -> list[AnyMessage]:
        if event.bid <= 0.0 or event.ask <= 0.0:
            self.one_sided += 1
            return []
        top = Top(event.bid, event.bid_size, event.ask, event.ask_size)
        messages: list[AnyMessage] = []
        if not self.agreement.ticker(event.update_id, top):
            self.sync.doubt(ResyncReason.MISMATCH, now_ns)
            messages += self._doubted(now_ns)
        if top.bid >= top.ask:
            self.quality.crossed += 1
            return messages
        event_ns = received_ns if event.event_ns is None else event.event_ns
        return [*messages, *self._publish_top(top, event.update_id, event_ns, now_ns)]

    def _take_trade(self, event: VenueTrade, received_ns: int, now_ns: int) -> Sequence[AnyMessage]:
        if not self.quality.latency(max(event.event_ns, event.sent_ns), received_ns):
            return []
        if self.tape.wants(aggregate=event.aggregate) and self.tape.take(
            event.first_trade_id, event.trade_id, event.event_ns
        ):
            return self.publish_trade(trade_of(event, now_ns), event.sent_ns)
        return self.hear(event.sent_ns, now_ns)

    def _take_diff(self, diff: DepthDiff, received_ns: int, now_ns: int) -> list[AnyMessage]:
        if not self.quality.latency(diff.event_ns, received_ns):
            return []
        messages: list[AnyMessage] = [*self.hear(diff.event_ns, now_ns)]
        first_update_id = self.sync.book.update_id + 1
        match self.sync.diff(diff, now_ns):
            case Step.APPLIED:
                messages += self._show(update_of(diff, first_update_id, now_ns), now_ns)
            case Step.DOUBTED:
                messages += self._doubted(now_ns)
            case Step.OLD:
                self.old_diffs += 1
            case Step.HELD | Step.SYNCED | Step.TOO_OLD | Step.UNWANTED:
                pass
        return messages

    def _take_candle(self, candle: VenueCandle, received_ns: int, now_ns: int) -> list[AnyMessage]:
        if not self.quality.latency(candle.sent_ns, received_ns):
            return []
        messages: list[AnyMessage] = [*self.hear(candle.sent_ns, now_ns)]
        if candle.closed and candle.start_ns > self._candles.get(candle.timeframe, -1):
            self._candles[candle.timeframe] = candle.start_ns
            messages.append(bar_of(candle, now_ns))
        return messages

    def _show(self, message: BookSnapshot | BookUpdate, now_ns: int) -> list[AnyMessage]:
        """Publish how the book stands now, unless its top is not what the venue said it was."""
        top, update_id = self.sync.book.top(), message.update_id
        if top is not None and not self.agreement.book(update_id, top):
            self.sync.doubt(ResyncReason.MISMATCH, now_ns)
            return self._doubted(now_ns)
        messages = [message, *self.turn(MarketState.LIVE, "synced", now_ns)]
        last = self.quote
        if top is None or (last is not None and top == (last.bid, last.bid_size, last.ask, last.ask_size)):
            return messages
        return [*messages, *self._publish_top(top, update_id, message.event_ns, now_ns)]

    def _publish_top(self, top: Top, update_id: int, event_ns: int, now_ns: int) -> Sequence[AnyMessage]:
        last = self.quote
        if last is not None and update_id <= last.update_id:
            return []
        return self.publish_quote(quote_of(self.symbol, top, update_id, event_ns, now_ns))

    def _doubted(self, now_ns: int) -> list[AnyMessage]:
        reason, quality = self.sync.reason, self.quality
        quality.resyncs += 1
        quality.gaps += reason is ResyncReason.GAP
        quality.crossed += reason is ResyncReason.CROSSED
        self.agreement.forget()
        return [*self.turn(MarketState.RESYNCING, reason, now_ns)]
