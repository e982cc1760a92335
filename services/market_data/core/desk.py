"""What every feed keeps of a symbol, whatever its source: quality, trade numbers, bars, the latest quote and price.

How it works: deadlines are asked for after every input and almost never change, so a board holds one number: no desk has
a deadline before it. It may lie too early, which costs a look at the desks and nothing else.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from common.config.models import MarketDataSection
from common.messages import AnyMessage, BarSource, MarketState, Quote, Trade
from common.timeframes import NS_PER_MS
from services.market_data.core.bars import SymbolBars
from services.market_data.core.mids import Mids
from services.market_data.core.quality import Quality
from services.market_data.core.tape import Tape

NEVER = (1 << 63) - 1
"""A deadline that does not come."""


class Desk:
    """One symbol of a feed. `mids` is None unless bars are built from quotes, and from nothing but quotes."""

    __slots__ = ("bars", "last_price", "mids", "quality", "quote", "quotes", "symbol", "tape", "trades")

    def __init__(self, symbol: str, config: MarketDataSection) -> None:
        """Make a symbol that nothing was heard of, with the bars that the configuration always wants."""
        self.symbol = symbol
        self.quality = Quality(symbol, config.stale_after_ms * NS_PER_MS)
        self.tape = Tape()
        source = BarSource(config.bar_source)
        self.mids = Mids() if source is BarSource.QUOTES else None
        tape = self.mids.tape if self.mids else self.tape
        self.bars = SymbolBars(symbol, config.bar_grace_ms * NS_PER_MS, tape, source)
        self.quote: Quote | None = None
        self.last_price: float | None = None
        self.quotes = self.trades = 0
        for timeframe in config.timeframes:
            self.bars.require(timeframe)

    def publish_trade(self, trade: Trade, sent_ns: int) -> list[AnyMessage]:
        """Return a trade that the venue sent at sent_ns, behind the bars that it closes."""
        self.trades += 1
        self.last_price = trade.price
        return [trade] if self.mids else [*self.bars.trade(trade, sent_ns), trade]

    def publish_quote(self, quote: Quote) -> list[AnyMessage]:
        """Return a quote that is newer than the last, behind the bars that it closes."""
        self.quotes += 1
        self.quote = quote
        return [*self.bars.trade(self.mids.take(quote), quote.event_ns), quote] if self.mids else [quote]

    def hear(self, venue_ns: int, now_ns: int) -> Sequence[AnyMessage]:
        """Take the venue's time as something beside trades and quotes shows it; return the bars that end by it.

        Bars from quotes take no notice: a quote may have been timed by our clock, where the venue sends no time.
        """
        return () if self.mids else self.bars.hear(venue_ns, now_ns)

    def interrupted(self) -> None:
        """Fear that trades and quotes are missed, and close no bar by waiting, until something is heard again."""
        self.tape.interrupted()
        if self.mids:
            self.mids.interrupted()
        self.bars.freeze()

    def turn(self, state: MarketState, reason: str, now_ns: int) -> Sequence[AnyMessage]:
        """Enter a state; return the message that says so, nothing if it was entered before."""
        return self.quality.turn(state, reason, now_ns)

    def deadline_ns(self) -> int:
        """Return when this desk wants `on_deadline`, NEVER if it does not."""
        stale_ns, bars_ns = self.quality.deadline_ns(), self.bars.deadline_ns()
        return min(NEVER if stale_ns is None else stale_ns, NEVER if bars_ns is None else bars_ns)

    def on_deadline(self, now_ns: int) -> list[AnyMessage]:
        """Close bars and flag staleness as time passes."""
        return [*self.bars.on_deadline(now_ns), *self.quality.on_deadline(now_ns)]

    def status(self) -> dict[str, Any]:
        """Return a summary for people."""
        quote = self.quote
        return {
            **self.quality.status(),
            "bid": quote.bid if quote else None,
            "ask": quote.ask if quote else None,
            "last": self.last_price,
            "quotes": self.quotes,
            "trades": self.trades,
            "bars": self.bars.made,
            "duplicate_trades": self.tape.duplicates,
            "missed_trades": self.tape.missed,
            "late_trades": 0 if self.mids else self.bars.late,
            "late_quotes": self.bars.late if self.mids else 0,
            "left_out_bars": self.bars.left_out,
        }


class Board[D: Desk]:
    """The desks of a feed, by symbol, in the order of the configuration."""

    def __init__(self, desks: Iterable[D]) -> None:
        self.desks = {desk.symbol: desk for desk in desks}
        self._deadline_ns = NEVER

    def touched(self, desk: D) -> None:
        """Note that a desk may have an earlier deadline than before; to be called after all that changes one."""
        self._deadline_ns = min(self._deadline_ns, desk.deadline_ns())

    def next_deadline_ns(self) -> int:
        """Return when `on_deadline` wants to be called at the latest, NEVER if no desk waits for anything."""
        return self._deadline_ns

    def on_deadline(self, now_ns: int) -> list[AnyMessage]:
        """Let every desk do what is due."""
        messages: list[AnyMessage] = []
        if now_ns < self._deadline_ns:
            return messages
        for desk in self.desks.values():
            messages += desk.on_deadline(now_ns)
        self._deadline_ns = min([desk.deadline_ns() for desk in self.desks.values()], default=NEVER)
        return messages

    def require_bars(self, symbol: str, timeframe: str) -> None:
        """Build bars of this length from now on; ValueError says what is wrong with the wish."""
        desk = self.desks.get(symbol)
        if desk is None:
            raise ValueError(f"bars of {symbol!r}: expected one of the symbols followed, {list(self.desks)}")
        desk.bars.require(timeframe)

    def status(self) -> dict[str, Any]:
        """Return the totals and every desk's summary."""
        desks = self.desks.values()
        return {
            "ticks": sum([desk.quotes + desk.trades for desk in desks]),
            "bars": sum([desk.bars.made for desk in desks]),
            "symbols": {desk.symbol: desk.status() for desk in desks},
        }
