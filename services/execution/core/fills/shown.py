"""What a venue has shown of a symbol so far, and the orders that wait there; the ground of all fill models.

How it works: the book is two tables from price to size. A quote that is newer than the book, by its update number, lies
over it: levels better than the quote's are gone, the touch has the quote's size. What we took of a level stays taken
until the venue shows that level anew, so that nobody trades the same size twice.
"""

from decimal import Decimal
from typing import Final, NamedTuple, Protocol, assert_never

import msgspec

from common.instruments import Instrument
from common.messages import (
    BookSnapshot,
    BookUpdate,
    Level,
    Liquidity,
    MarketState,
    MarketStatus,
    QueueMoved,
    Quote,
    Side,
    Trade,
)
from services.execution.core.venue import VenueOrder

MAX_LEVELS: Final = 20_000
"""Levels a side; above it the worse half is forgotten."""


class Shown(msgspec.Struct):
    """Prices and sizes as float, quote and base units. book_id: 0 while there is no book; trade_price: 0 before the first.

    taken: size that we took of a level since the venue last showed it.
    """

    quote: Quote | None = None
    is_trading: bool = True
    bids: dict[float, float] = {}
    asks: dict[float, float] = {}
    book_id: int = 0
    trade_price: float = 0.0
    taken: dict[float, float] = {}

    def see(self, message: Quote | Trade | BookSnapshot | BookUpdate | QueueMoved | MarketStatus) -> None:
        """Take what the venue shows next."""
        match message:
            case Quote():
                self.quote = message
            case Trade():
                self.trade_price = message.price
            case BookSnapshot():
                self.load(message)
            case BookUpdate():
                self.apply(message)
            case QueueMoved():
                pass  # the sizes come with the change of the book behind it
            case MarketStatus():
                self.is_trading = message.state is MarketState.LIVE
                if not self.is_trading:
                    self.forget()
            case _:
                assert_never(message)

    def load(self, book: BookSnapshot) -> None:
        """Take a whole book."""
        self.bids, self.asks, self.book_id = dict(book.bids), dict(book.asks), book.update_id
        self.taken.clear()

    def apply(self, update: BookUpdate) -> None:
        """Take changed levels; a hole in their numbers loses the book."""
        if not self.book_id or update.update_id <= self.book_id:
            return
        if update.first_update_id > self.book_id + 1:
            self.forget_book()
            return
        self.book_id = update.update_id
        for side, levels in ((self.bids, update.bids), (self.asks, update.asks)):
            for price, size in levels:
                self.taken.pop(price, None)
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)
        if len(self.bids) > MAX_LEVELS:
            self.bids = dict(sorted(self.bids.items(), reverse=True)[: MAX_LEVELS // 2])
        if len(self.asks) > MAX_LEVELS:
            self.asks = dict(sorted(self.asks.items())[: MAX_LEVELS // 2])

    def forget(self) -> None:
        """Forget what can no longer be trusted."""
        self.quote = None
        self.trade_price = 0.0
        self.forget_book()

    def forget_book(self) -> None:
        """Forget the book until a whole one comes."""
        self.bids, self.asks, self.book_id = {}, {}, 0
        self.taken.clear()

    def offered(self, side: Side, limit: float | None = None) -> list[Level]:
        """Return what an order of `side` can take, best first, at most up to its limit."""
        sign, book = (1.0, self.asks) if side is Side.BUY else (-1.0, self.bids)
        levels = list(book.items())
        quote = self.quote
        if quote is not None and quote.update_id > self.book_id:
            touch = (quote.ask, quote.ask_size) if side is Side.BUY else (quote.bid, quote.bid_size)
            levels = [touch, *[level for level in levels if sign * level[0] > sign * touch[0]]]
        if limit is not None:
            levels = [level for level in levels if sign * level[0] <= sign * limit]
        levels.sort(key=lambda level: sign * level[0])
        if not self.taken:
            return levels
        return [(price, left) for price, size in levels if (left := size - self.taken.get(price, 0.0)) > 0.0]

    def displayed(self, side: Side, price: float) -> float:
        """Return the size that rests on our side of the book at a price, base units."""
        quote = self.quote
        if quote is not None and quote.update_id > self.book_id:
            best, size = (quote.bid, quote.bid_size) if side is Side.BUY else (quote.ask, quote.ask_size)
            if price == best:
                return size
        return (self.bids if side is Side.BUY else self.asks).get(price, 0.0)


class Waiting(msgspec.Struct):
    """An order at the venue; order.quantity is what is left of it.

    ahead: size before us in the queue of our price, base units. takes: it is to trade with the next trade, as taker.
    since_ns: when it arrived; what is shown at that very time was there before it. traded: size that others traded at
    our price since the queue last moved, base units.
    """

    order: VenueOrder
    ahead: float = 0.0
    takes: bool = False
    since_ns: int = 0
    traded: float = 0.0


class Part(NamedTuple):
    """A part of an order that trades: at one price, before slippage."""

    price: Decimal
    quantity: Decimal
    liquidity: Liquidity


class FillModel(Protocol):
    """What every file here offers, as plain functions."""

    def touched(self, shown: Shown, side: Side) -> float | None:
        """Return the best price an order of `side` could trade at, None where there is no market."""
        ...

    def take(self, shown: Shown, order: VenueOrder, instrument: Instrument) -> list[Part]:
        """Return what an order trades as it arrives."""
        ...

    def join(self, shown: Shown, order: VenueOrder) -> Waiting | None:
        """Return how what is left of it waits; None where nothing can wait: it is cancelled."""
        ...

    def on_quote(self, shown: Shown, waiting: Waiting, instrument: Instrument) -> list[Part]:
        """Return what a waiting order trades by a new quote."""
        ...

    def on_trade(self, shown: Shown, waiting: Waiting, trade: Trade, instrument: Instrument) -> list[Part]:
        """Return what a waiting order trades by a trade of others."""
        ...

    def on_book(self, shown: Shown, waiting: Waiting, message: BookSnapshot | BookUpdate | QueueMoved) -> None:
        """Take notice of a changed book, or of a queue that moved."""
        ...
