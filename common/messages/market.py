"""Market data: what a venue shows. Prices and sizes are float64, in quote and base units."""

from common.messages.base import Message
from common.messages.enums import BarSource, MarketState, Side

Level = tuple[float, float]
"""One price level: (price, size). A size of 0 removes the level."""


class Trade(Message, frozen=True, kw_only=True, tag="trade", gc=False):
    """A trade between others. `side` is the aggressor's; `trade_id` the venue's number.

    An aggregate of several trades at one price carries the first and last number.
    """

    symbol: str
    price: float
    size: float
    side: Side
    trade_id: int
    first_trade_id: int

    @property
    def id(self) -> str:
        """Return the natural key that other messages name as their cause."""
        return f"trade:{self.symbol}:{self.trade_id}"


class Quote(Message, frozen=True, kw_only=True, tag="quote", gc=False):
    """The best bid and ask of a symbol at a venue update number. Never crossed (bid < ask)."""

    symbol: str
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    update_id: int

    @property
    def id(self) -> str:
        """Return the natural key that other messages name as their cause."""
        return f"quote:{self.symbol}:{self.update_id}"

    @property
    def mid(self) -> float:
        """Return the mean of bid and ask."""
        return (self.bid + self.ask) / 2.0


class BookSnapshot(Message, frozen=True, kw_only=True, tag="book_snapshot", gc=False):
    """A whole book, best level first on both sides; replaces what was known."""

    symbol: str
    update_id: int
    bids: list[Level]
    asks: list[Level]


class BookUpdate(Message, frozen=True, kw_only=True, tag="book_update", gc=False):
    """Changed levels. `first_update_id` follows the last `update_id` by one, or the book has a hole."""

    symbol: str
    first_update_id: int
    update_id: int
    bids: list[Level]
    asks: list[Level]


class QueueMoved(Message, frozen=True, kw_only=True, tag="queue_moved", gc=False):
    """Size left the queue of a price level: a single order was cancelled, filled, made smaller or moved to another place.

    side: of the book. size: what left; ahead: what stood before it; base units. Only venues that show single orders tell it.
    """

    symbol: str
    side: Side
    price: float
    size: float
    ahead: float


class Bar(Message, frozen=True, kw_only=True, tag="bar", gc=False):
    """A closed candle over [start_ns, end_ns). `partial` says that its beginning was not observed.

    `event_ns` is `end_ns`. An interval without trades repeats the last close with volume 0. A bar from quotes is made of
    their mids: its volume is 0, and `trade_count` counts the quotes.
    """

    symbol: str
    timeframe: str
    start_ns: int
    end_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trade_count: int
    source: BarSource
    partial: bool = False

    @property
    def id(self) -> str:
        """Return the natural key that other messages name as their cause."""
        return f"bar:{self.symbol}:{self.timeframe}:{self.start_ns}"


class Greeks(Message, frozen=True, kw_only=True, tag="greeks", gc=False):
    """What a venue says of an option; None for what it does not say.

    delta, gamma: change of the option's price, and of delta, by one unit of the underlying. vega: by one point of implied
    volatility; theta: by one day. iv: implied volatility in the venue's unit. mark, underlying: prices by the venue.
    """

    symbol: str
    delta: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    iv: float | None = None
    mark: float | None = None
    underlying: float | None = None

    @property
    def id(self) -> str:
        """Return the natural key that other messages name as their cause."""
        return f"greeks:{self.symbol}:{self.event_ns}"


class ExternalSignal(Message, frozen=True, kw_only=True, tag="external_signal", gc=False):
    """A number from outside the market, such as the mood of the news. symbol: whom it is about; "" for all. text: for people."""

    name: str
    symbol: str
    value: float
    text: str = ""


class MarketStatus(Message, frozen=True, kw_only=True, tag="market_status", gc=False):
    """A symbol's data changed its worth: whoever decides on it must know."""

    symbol: str
    state: MarketState
    reason: str
