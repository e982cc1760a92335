"""Fills from the book: who takes walks it, one fill a level; who waits needs a trade through his price, or its touch.

What is left of a market order when the book that is known ends is cancelled, as venues do.
"""

from decimal import Decimal

from common.instruments import Instrument
from common.messages import BookSnapshot, BookUpdate, Liquidity, QueueMoved, Side, Trade
from common.money import ZERO, decimal_of
from services.execution.core.fills.shown import Part, Shown, Waiting
from services.execution.core.fills.trades import goes_through
from services.execution.core.venue import VenueOrder


def touched(shown: Shown, side: Side) -> float | None:
    """Return the best price on the other side."""
    offered = shown.offered(side)
    return offered[0][0] if offered else None


def take(shown: Shown, order: VenueOrder, instrument: Instrument) -> list[Part]:
    """Return what an order trades as it arrives, level by level."""
    return _walk(shown, order, instrument, Liquidity.TAKER)


def join(shown: Shown, order: VenueOrder) -> Waiting | None:
    """Wait with a limit order; nobody waits without a price."""
    return None if order.limit_price is None else Waiting(order)


def on_quote(shown: Shown, waiting: Waiting, instrument: Instrument) -> list[Part]:
    """Return what the other side offers at our price: its owner would have met us first."""
    order, quote = waiting.order, shown.quote
    if quote is None or order.limit_price is None:
        return []
    limit = float(order.limit_price)
    if quote.ask > limit if order.side is Side.BUY else quote.bid < limit:
        return []
    parts = _walk(shown, order, instrument, Liquidity.MAKER)
    return [part._replace(price=order.limit_price) for part in parts]


def on_trade(shown: Shown, waiting: Waiting, trade: Trade, instrument: Instrument) -> list[Part]:
    """Return the whole order where the trade goes through its price."""
    order = waiting.order
    limit = order.limit_price
    assert limit is not None, f"{order.id} waits without a price"
    if goes_through(decimal_of(trade.price), limit, order.side):
        return [Part(limit, order.quantity, Liquidity.MAKER)]
    return []


def on_book(shown: Shown, waiting: Waiting, message: BookSnapshot | BookUpdate | QueueMoved) -> None:
    """Do nothing."""


def lots_of(size: float, instrument: Instrument) -> Decimal:
    """Return a size of the market as a quantity that we can trade of it."""
    return instrument.quantity(size)


def _walk(shown: Shown, order: VenueOrder, instrument: Instrument, liquidity: Liquidity) -> list[Part]:
    limit = order.limit_price
    left, parts = order.quantity, list[Part]()
    for price, size in shown.offered(order.side, None if limit is None else float(limit)):
        there = lots_of(size, instrument)
        quantity = min(left, there)
        if quantity <= ZERO:
            continue
        parts.append(Part(decimal_of(price), quantity, liquidity))
        shown.taken[price] = shown.taken.get(price, 0.0) + float(quantity)
        left -= quantity
        if not left:
            break
    return parts
