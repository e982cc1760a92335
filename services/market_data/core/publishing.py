"""From a venue's events to messages: the same facts, with the symbol's own book and the time of receipt."""

from common.messages import Bar, BarSource, BookSnapshot, BookUpdate, Quote, Trade
from services.market_data.core.book import OrderBook, Top
from services.market_data.core.events import DepthDiff, VenueCandle, VenueTrade


def trade_of(event: VenueTrade, received_ns: int) -> Trade:
    """Return the message of a trade."""
    return Trade(
        symbol=event.symbol,
        price=event.price,
        size=event.size,
        side=event.side,
        trade_id=event.trade_id,
        first_trade_id=event.first_trade_id,
        event_ns=event.event_ns,
        received_ns=received_ns,
    )


def quote_of(symbol: str, top: Top, update_id: int, event_ns: int, received_ns: int) -> Quote:
    """Return the message of a top of the book."""
    return Quote(
        symbol=symbol,
        bid=top.bid,
        bid_size=top.bid_size,
        ask=top.ask,
        ask_size=top.ask_size,
        update_id=update_id,
        event_ns=event_ns,
        received_ns=received_ns,
    )


def update_of(diff: DepthDiff, first_update_id: int, received_ns: int) -> BookUpdate:
    """Return the message of a change that takes the book on from first_update_id."""
    return BookUpdate(
        symbol=diff.symbol,
        first_update_id=first_update_id,
        update_id=diff.update_id,
        bids=diff.bids,
        asks=diff.asks,
        event_ns=diff.event_ns,
        received_ns=received_ns,
    )


def snapshot_of(symbol: str, book: OrderBook, event_ns: int, received_ns: int) -> BookSnapshot:
    """Return the whole book as it stands; worth something only while it is synced."""
    return BookSnapshot(
        symbol=symbol,
        update_id=book.update_id,
        bids=list(book.bids.levels()),
        asks=list(book.asks.levels()),
        event_ns=event_ns,
        received_ns=received_ns,
    )


def bar_of(candle: VenueCandle, received_ns: int) -> Bar:
    """Return the message of a closed candle of the venue."""
    return Bar(
        symbol=candle.symbol,
        timeframe=candle.timeframe,
        start_ns=candle.start_ns,
        end_ns=candle.end_ns,
        open=candle.open,
        high=candle.high,
        low=candle.low,
        close=candle.close,
        volume=candle.volume,
        trade_count=candle.trade_count,
        source=BarSource.VENUE,
        event_ns=candle.end_ns,
        received_ns=received_ns,
    )
