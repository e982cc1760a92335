"""Takes in the market: the latest quote of each symbol, the stops it hits, the losses it brings."""

from collections.abc import Sequence

from common.messages import AnyMessage, InputGap, MarketStatus, Quote
from common.money import ZERO, decimal_of, use_money_context
from services.risk_manager.core import fuses
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.halting import close_out, follow, is_calm, roll
from services.risk_manager.core.markets import Market, market_of
from services.risk_manager.core.positions import Position
from services.risk_manager.core.reports import position_changed
from services.risk_manager.core.volatility import Volatility


def take_quote(desk: Desk, quote: Quote, now_ns: int) -> Sequence[AnyMessage]:
    """Note a quote; close what it takes through its stop or target."""
    limits, symbol = desk.limits, quote.symbol
    market = desk.state.markets.get(symbol) or market_of(desk.state.markets, symbol)
    if limits.fuses.jump_share:
        fuses.see_jump(desk, market.quote, quote)
    market.quote = quote
    market.quote_ns = now_ns
    if limits.sizing.follows_marks:
        _follow_volatility(desk, market, quote, now_ns)
    if not market.open_positions:
        return () if is_calm(desk) else follow(desk, quote.id, now_ns)
    use_money_context()
    desk.valuation.touched[symbol] = None
    answers: list[AnyMessage] = []
    for position in market.positions.values():
        if position.quantity:
            answers += _guard(desk, position, quote, now_ns)
    if limits.is_timed:
        answers += roll(desk, quote.id, now_ns)
    if desk.losses.is_on:
        desk.losses.see(desk.rough.follow(quote))
    else:
        desk.rough.changed[symbol] = None  # whoever asks for totals reads the mark
    if not is_calm(desk):
        answers += follow(desk, quote.id, now_ns)
    return answers


def _follow_volatility(desk: Desk, market: Market, quote: Quote, now_ns: int) -> None:
    if market.volatility is None:
        market.volatility = Volatility()
    plans = desk.limits.sizing
    market.volatility.see((quote.bid + quote.ask) * 0.5, now_ns // plans.sample_ns, plans.decay)


def _guard(desk: Desk, position: Position, quote: Quote, now_ns: int) -> Sequence[AnyMessage]:
    is_long, protection, limits = position.quantity > ZERO, position.protection, desk.limits
    is_hit = protection.is_hit(quote, limits.trailing_share, is_long=is_long) or desk.state.trading.flatten
    if not is_hit and limits.max_holding_ns:
        is_hit = bool(protection.opened_ns) and now_ns - protection.opened_ns >= limits.max_holding_ns
    if is_hit:
        return close_out(desk, position, decimal_of(quote.bid if is_long else quote.ask), quote.id, now_ns)
    if limits.breakeven_share or protection.breakeven_at:
        return _break_even(desk, position, quote, now_ns)
    return ()


def _break_even(desk: Desk, position: Position, quote: Quote, now_ns: int) -> Sequence[AnyMessage]:
    """Move the stop to the entry price once the gain is large enough, unless it is nearer to the market already."""
    is_long, protection = position.quantity > ZERO, position.protection
    price, share = quote.bid if is_long else quote.ask, desk.limits.breakeven_share
    if not protection.reaches_breakeven(price, float(position.average_price), share, is_long=is_long):
        return ()
    protection.is_at_breakeven = True
    stop = desk.instruments[position.symbol].price(position.average_price)
    if protection.widens(stop, is_long=is_long):
        return ()
    protection.set_stop(stop)
    return (position_changed(desk, position, quote.id, now_ns),)


def take_status(desk: Desk, status: MarketStatus, now_ns: int) -> Sequence[AnyMessage]:
    """Note what a symbol's market is worth."""
    market_of(desk.state.markets, status.symbol).state = status.state
    return ()


def take_gap(desk: Desk, gap: InputGap, now_ns: int) -> Sequence[AnyMessage]:
    """Note that messages were lost: a market is not trusted until its next quote, lost reports stop all entries."""
    desk.state.counts.input_gaps += 1
    stream, _, symbol = gap.topic.partition(".")
    if stream == "reports":
        lost = f"lost {gap.missing} reports of the venue; positions may be wrong"
        desk.state.breaker.trip(lost, needs_operator=True)
    market = desk.state.markets.get(symbol)
    if market is not None:
        market.quote_ns = None
        if stream == "market":
            market.state = None
    return () if is_calm(desk) else follow(desk, f"gap:{gap.topic}:{now_ns}", now_ns)


def take_time(desk: Desk, now_ns: int) -> Sequence[AnyMessage]:
    """Do what time alone asks for: a symbol silent for too long opens the breaker, a cooled breaker closes."""
    if deadline_ns(desk) is None:
        return ()
    use_money_context()
    if desk.limits.fuses.stale_ns and not desk.state.breaker.reason:
        fuses.see_silence(desk, now_ns)
    return roll(desk, f"deadline:{now_ns}", now_ns)


def deadline_ns(desk: Desk) -> int | None:
    """Return when `take_time` has something to do next, None where nothing waits for time."""
    wanted = desk.limits.fuses
    if not wanted.stale_ns and not wanted.cooldown_ns:
        return None
    breaker = desk.state.breaker
    if breaker.reason and wanted.cooldown_ns and not breaker.needs_operator:
        return breaker.opened_ns + wanted.cooldown_ns
    return fuses.silence_deadline_ns(desk)
