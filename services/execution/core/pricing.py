"""What a taker pays: the touch, worsened by slippage and rounded against the taker to the tick."""

from decimal import Decimal

from common.messages import Quote, Side


def touch(quote: Quote, side: Side) -> Decimal:
    """Return the best price an order of `side` could trade at: the ask for a buyer, the bid for a seller."""
    return Decimal(repr(quote.ask if side is Side.BUY else quote.bid))  # as `decimal_of`, in every order


def taker_price(touched: Decimal, side: Side, away: Decimal, tick_size: Decimal) -> Decimal:
    """Return the price after slippage (quote units): up to the next tick for a buyer, down for a seller."""
    if side is Side.BUY:
        price = touched + away
        beyond = price % tick_size
        return price + (tick_size - beyond) if beyond else price
    price = touched - away
    return price - price % tick_size


def reaches(limit: Decimal, touched: Decimal, side: Side) -> bool:
    """Return whether a limit order of `side` can trade at the touch."""
    return touched <= limit if side is Side.BUY else touched >= limit


def no_worse(price: Decimal, limit: Decimal, side: Side) -> Decimal:
    """Return the price, or the limit where that is better for the one who set it."""
    return min(price, limit) if side is Side.BUY else max(price, limit)
