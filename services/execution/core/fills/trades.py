"""Fills from trades alone: who takes trades with the next one; who waits needs a trade through his price."""

from decimal import Decimal

from common.instruments import Instrument
from common.messages import BookSnapshot, BookUpdate, Liquidity, QueueMoved, Side, TimeInForce, Trade
from common.money import decimal_of
from services.execution.core.fills.shown import Part, Shown, Waiting
from services.execution.core.pricing import reaches
from services.execution.core.venue import VenueOrder


def touched(shown: Shown, side: Side) -> float | None:
    """Return the latest trade's price."""
    return shown.trade_price or None


def take(shown: Shown, order: VenueOrder, instrument: Instrument) -> list[Part]:
    """Return nothing: the trade that was seen last is over."""
    return []


def join(shown: Shown, order: VenueOrder) -> Waiting:
    """Wait for the next trade with what reaches the market, and for a trade through its price with the rest."""
    limit = order.limit_price
    takes = limit is None or reaches(limit, decimal_of(shown.trade_price), order.side)
    return Waiting(order, takes=takes or order.time_in_force is TimeInForce.IOC)


def on_quote(shown: Shown, waiting: Waiting, instrument: Instrument) -> list[Part]:
    """Return nothing: quotes are not looked at."""
    return []


def on_trade(shown: Shown, waiting: Waiting, trade: Trade, instrument: Instrument) -> list[Part]:
    """Return the whole order where the trade reaches a taker's limit, or goes through the price of one who waits."""
    order, price = waiting.order, decimal_of(trade.price)
    limit = order.limit_price
    if waiting.takes:
        waiting.takes = False
        if limit is None or reaches(limit, price, order.side):
            return [Part(price, order.quantity, Liquidity.TAKER)]
        return []
    assert limit is not None, f"{order.id} waits without a price"
    return [Part(limit, order.quantity, Liquidity.MAKER)] if goes_through(price, limit, order.side) else []


def on_book(shown: Shown, waiting: Waiting, message: BookSnapshot | BookUpdate | QueueMoved) -> None:
    """Do nothing."""


def goes_through(price: Decimal, limit: Decimal, side: Side) -> bool:
    """Return whether a trade is at a better price than the limit, so that the limit's whole queue must have traded."""
    return price < limit if side is Side.BUY else price > limit
