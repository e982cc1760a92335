"""Takes in the market: the latest quote of each symbol, the stops it hits, the losses it brings."""

from collections.abc import Sequence

from common.messages import AnyMessage, InputGap, IntentKind, MarketStatus, OrderType, Quote, Side
from common.money import ZERO, use_money_context
from services.risk_manager.core.approval import approve_protective_exit
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.intents import send_cancel
from services.risk_manager.core.markets import market_of
from services.risk_manager.core.positions import Position


def take_quote(desk: Desk, quote: Quote, now_ns: int) -> Sequence[AnyMessage]:
    """Note a quote; close what it takes through its stop or target."""
    market = market_of(desk.state.markets, quote.symbol)
    market.quote = quote
    market.quote_ns = now_ns
    if not market.open_positions:
        return ()
    use_money_context()
    desk.valuation.touched[quote.symbol] = None
    answers: list[AnyMessage] = []
    for position in market.positions.values():
        if position.quantity:
            answers += _guard(desk, position, quote, now_ns)
    desk.losses.see(desk.rough.follow(quote))
    return answers


def _guard(desk: Desk, position: Position, quote: Quote, now_ns: int) -> Sequence[AnyMessage]:
    is_long, protection = position.quantity > ZERO, position.protection
    if not protection.is_hit(quote, desk.limits.trailing_share, is_long=is_long):
        return ()
    if protection.working or now_ns < protection.not_before_ns:
        return ()
    side = Side.SELL if is_long else Side.BUY
    answers: list[AnyMessage] = [
        send_cancel(desk, order, f"{order.id}-cancel", quote.id, now_ns)
        for order in desk.state.orders.working.values()
        if order.order_type is OrderType.LIMIT
        and order.kind is IntentKind.EXIT
        and not order.is_cancel_sent
        and order.runner == position.runner
        and order.symbol == position.symbol
    ]
    quantity = position.reducible(side)
    if quantity > ZERO:
        order = approve_protective_exit(position, quantity, quote.bid if is_long else quote.ask, quote.id, now_ns)
        protection.working = order.id
        desk.place(order)
        desk.state.counts.protective_exits += 1
        answers.append(order)
    return answers


def take_status(desk: Desk, status: MarketStatus, now_ns: int) -> Sequence[AnyMessage]:
    """Note what a symbol's market is worth."""
    market_of(desk.state.markets, status.symbol).state = status.state
    return ()


def take_gap(desk: Desk, gap: InputGap, now_ns: int) -> Sequence[AnyMessage]:
    """Note that messages were lost: a market is not trusted until its next quote, lost reports stop all entries."""
    desk.state.counts.input_gaps += 1
    stream, _, symbol = gap.topic.partition(".")
    if stream == "reports":
        desk.state.breaker.trip(f"lost {gap.missing} reports of the venue; positions may be wrong")
    market = desk.state.markets.get(symbol)
    if market is not None:
        market.quote_ns = None
        if stream == "market":
            market.state = None
    return ()
