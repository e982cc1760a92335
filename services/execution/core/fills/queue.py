"""Fills from the book and a place in the queue: as `depth`, and who waits also trades once all before him have.

How it works: an order joins behind the whole size that is shown at its price. Trades at that price move it forward;
cancels do not, for they may all have been behind us, except that never more can be ahead than is shown. This is the most
cautious of the usual estimates. What a trade leaves over after those ahead is ours.
"""

from common.instruments import Instrument
from common.messages import BookSnapshot, BookUpdate, Liquidity, QueueMoved, Trade
from services.execution.core.fills import depth
from services.execution.core.fills.depth import lots_of, on_quote, take, touched
from services.execution.core.fills.shown import Part, Shown, Waiting
from services.execution.core.venue import VenueOrder

__all__ = ["join", "on_book", "on_quote", "on_trade", "take", "touched"]


def join(shown: Shown, order: VenueOrder) -> Waiting | None:
    """Wait behind everything that is shown at the order's price."""
    if order.limit_price is None:
        return None
    return Waiting(order, ahead=shown.displayed(order.side, float(order.limit_price)))


def on_trade(shown: Shown, waiting: Waiting, trade: Trade, instrument: Instrument) -> list[Part]:
    """Return the whole order by a trade through its price; by one at its price, what that leaves over behind those ahead."""
    order = waiting.order
    through = depth.on_trade(shown, waiting, trade, instrument)
    if through or order.limit_price is None:
        return through
    # The aggressor's side: a buyer who waits is met by sellers.
    if trade.side is order.side or trade.price != float(order.limit_price):
        return []
    over = trade.size - waiting.ahead
    waiting.ahead = max(0.0, -over)
    if over <= 0.0:
        return []
    quantity = min(lots_of(over, instrument), order.quantity)
    return [Part(order.limit_price, quantity, Liquidity.MAKER)] if quantity else []


def on_book(shown: Shown, waiting: Waiting, message: BookSnapshot | BookUpdate | QueueMoved) -> None:
    """Let no more be ahead than is shown."""
    limit = waiting.order.limit_price
    if limit is not None and not isinstance(message, QueueMoved):
        waiting.ahead = min(waiting.ahead, shown.displayed(waiting.order.side, float(limit)))
