"""Small inputs for the market-data cores, with defaults for what a test does not care about."""

from common.config.models import MarketDataSection
from common.messages import Level, Side, Trade
from services.market_data.core.events import DepthDiff, DepthSnapshot, VenueQuote, VenueTrade

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
T0 = 1_700_000_040 * SECOND
"""A full minute of UTC."""


def section(**changes: object) -> MarketDataSection:
    """Return the feed's configuration for one symbol X."""
    return MarketDataSection.model_validate({"symbols": ["X"], **changes})


def diff(
    first: int, last: int, bids: list[Level] | None = None, asks: list[Level] | None = None, at: int = T0
) -> DepthDiff:
    """Return a change of the book of X."""
    return DepthDiff("X", first, last, at, bids or [], asks or [])


def whole(update_id: int, bid: float = 99.0, ask: float = 101.0) -> DepthSnapshot:
    """Return a book of X with one level a side."""
    return DepthSnapshot(update_id, [(bid, 1.0)], [(ask, 1.0)])


def ticker(update_id: int, bid: float = 99.0, ask: float = 101.0, size: float = 1.0) -> VenueQuote:
    """Return the venue's quote of X."""
    return VenueQuote("X", bid, size, ask, size, update_id, None)


def venue_trade(
    number: int, at: int = T0, price: float = 100.0, *, first: int = 0, aggregate: bool = False
) -> VenueTrade:
    """Return a trade of X as the venue tells it."""
    return VenueTrade("X", price, 1.0, Side.BUY, number, first or number, at, at, aggregate)


def trade(number: int, at: int, price: float = 100.0, size: float = 1.0, *, first: int = 0) -> Trade:
    """Return a trade of X as it is published."""
    return Trade(
        symbol="X",
        price=price,
        size=size,
        side=Side.BUY,
        trade_id=number,
        first_trade_id=first or number,
        event_ns=at,
        received_ns=at,
    )
