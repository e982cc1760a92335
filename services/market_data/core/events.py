"""What a venue file makes of its frames: one vocabulary for all venues, before anything is judged or counted."""

import msgspec

from common.messages import Level, Side


class VenueTrade(msgspec.Struct, frozen=True, gc=False):
    """A trade, or an aggregate of the trades first_trade_id..trade_id.

    event_ns: when it was made; sent_ns: when the venue sent it; both the venue's clock, nanoseconds UTC.
    """

    symbol: str
    price: float
    size: float
    side: Side
    trade_id: int
    first_trade_id: int
    event_ns: int
    sent_ns: int
    aggregate: bool


class VenueQuote(msgspec.Struct, frozen=True, gc=False):
    """The best bid and ask at an update number; event_ns is None where the venue sends no time."""

    symbol: str
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    update_id: int
    event_ns: int | None


class DepthDiff(msgspec.Struct, frozen=True, gc=False):
    """The levels that changed in the updates first_update_id..update_id; sizes are absolute, 0 removes."""

    symbol: str
    first_update_id: int
    update_id: int
    event_ns: int
    bids: list[Level]
    asks: list[Level]


class DepthSnapshot(msgspec.Struct, frozen=True, gc=False):
    """A whole book as of update_id, from the venue's REST."""

    update_id: int
    bids: list[Level]
    asks: list[Level]


class VenueCandle(msgspec.Struct, frozen=True, gc=False):
    """The venue's own candle over [start_ns, end_ns); it still changes until `closed`. sent_ns: the venue's clock."""

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
    closed: bool
    sent_ns: int


class SubscriptionReply(msgspec.Struct, frozen=True, gc=False):
    """The venue's answer to a subscribe or unsubscribe frame; `error` is empty if it was accepted."""

    id: int | str | None
    error: str


class UnknownEvent(msgspec.Struct, frozen=True, gc=False):
    """A well-formed frame of a kind that nobody here reads; `kind` is the venue's name for it."""

    kind: str


class Undecodable(msgspec.Struct, frozen=True, gc=False):
    """Bytes that are no frame of the venue, or one with a field missing or of another type or out of bounds."""

    error: str
    found: str


VenueEvent = VenueQuote | VenueTrade | DepthDiff | VenueCandle | SubscriptionReply | UnknownEvent | Undecodable
"""What a frame can turn out to be."""

SHOWN_BYTES = 96
"""How much of an undecodable frame is shown."""


def undecodable(error: Exception, payload: bytes) -> Undecodable:
    """Return the value that says what was wrong with `payload` and how it begins."""
    return Undecodable(f"{error} ({len(payload)} bytes)", repr(payload[:SHOWN_BYTES])[1:])
