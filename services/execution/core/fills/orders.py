"""Fills from single orders: as `queue`, but the place in it is known, for the venue tells who left from where.

How it works: an order joins behind the whole size at its price. Whoever leaves the queue from before it, by a cancel or
a fill, moves it forward; whoever leaves from behind does not. A trade tells before the queue moves how far it reached:
what it took beyond those ahead would have been ours.
"""

from common.instruments import Instrument
from common.messages import BookSnapshot, BookUpdate, Liquidity, QueueMoved, Trade
from services.execution.core.fills import depth
from services.execution.core.fills.depth import lots_of, on_quote, take, touched
from services.execution.core.fills.queue import join
from services.execution.core.fills.shown import Part, Shown, Waiting

__all__ = ["join", "on_book", "on_quote", "on_trade", "take", "touched"]


def on_trade(shown: Shown, waiting: Waiting, trade: Trade, instrument: Instrument) -> list[Part]:
    """Return the whole order by a trade through its price; by one at its price, what it took from behind us."""
    order = waiting.order
    through = depth.on_trade(shown, waiting, trade, instrument)
    if through or order.limit_price is None:
        return through
    if trade.side is order.side or trade.price != float(order.limit_price):
        return []
    reached = max(0.0, waiting.traded - waiting.ahead)
    waiting.traded += trade.size
    over = max(0.0, waiting.traded - waiting.ahead) - reached
    quantity = min(lots_of(over, instrument), order.quantity)
    return [Part(order.limit_price, quantity, Liquidity.MAKER)] if quantity else []


def on_book(shown: Shown, waiting: Waiting, message: BookSnapshot | BookUpdate | QueueMoved) -> None:
    """Move forward by what left from before us; a whole book that shows less than was ahead says the rest."""
    order = waiting.order
    if order.limit_price is None:
        return
    price = float(order.limit_price)
    if isinstance(message, BookSnapshot):
        waiting.ahead = min(waiting.ahead, shown.displayed(order.side, price))
    elif isinstance(message, BookUpdate):
        waiting.traded = 0.0
    elif message.side is order.side and message.price == price:
        waiting.traded = 0.0
        if message.ahead < waiting.ahead:
            waiting.ahead -= min(message.size, waiting.ahead - message.ahead)
