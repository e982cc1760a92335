"""Follows what stands in the way of entries: moves the trading state, cancels what could still grow, flattens."""

from collections.abc import Sequence
from decimal import Decimal

from common.messages import AnyMessage, IntentKind, OrderType, RejectReason, Side, TradingState, TradingStateChanged
from common.money import ZERO, decimal_of
from services.risk_manager.core.approval import approve_protective_exit
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.hours import DAY_NS
from services.risk_manager.core.markets import Market
from services.risk_manager.core.orders import WorkingOrder
from services.risk_manager.core.positions import Position
from services.risk_manager.core.sending import send_cancel
from services.risk_manager.core.trading import KILL_SWITCH, Trigger


def is_calm(desk: Desk) -> bool:
    """Return whether nothing stands in the way of anything, and nothing did a moment ago."""
    state = desk.state
    trading = state.trading
    return trading.state is TradingState.ACTIVE and not state.breaker.reason and not trading.latches


def roll(desk: Desk, cause: str, now_ns: int) -> list[AnyMessage]:
    """Lift what time alone lifts: the day's loss at midnight UTC, a breaker that has cooled down."""
    if desk.limits.max_daily_loss and now_ns // DAY_NS != desk.state.account_lines.day:
        desk.losses.roll(now_ns)
    if is_calm(desk):
        return []
    if desk.state.breaker.has_cooled(now_ns, desk.limits.fuses.cooldown_ns):
        reset_breaker(desk)
    return follow(desk, cause, now_ns)


def reset_breaker(desk: Desk) -> None:
    """Close the breaker and count everything that opens it from here."""
    desk.losses.reset_breaker()
    desk.state.fuses.losing_streak = 0
    desk.state.fuses.rejects.times.clear()


def follow(desk: Desk, cause: str, now_ns: int, *, is_armed: bool = False) -> list[AnyMessage]:
    """Move the state as latches and breaker ask for; whatever leaves ACTIVE takes its entries back.

    is_armed: an operator has just ended what the kill switch began.
    """
    trading, breaker, before = desk.state.trading, desk.state.breaker, desk.state.trading.state
    if breaker.reason and not breaker.opened_ns:
        breaker.opened_ns = now_ns
    if is_armed:
        trading.move(Trigger.ARM)
    if KILL_SWITCH in trading.latches:
        trading.move(Trigger.KILL)
    elif trading.latches or breaker.reason:
        trading.move(Trigger.LIMIT)
    else:
        trading.move(Trigger.CLEAR)
    if trading.state is before:
        return []
    told: list[AnyMessage] = [_changed(desk, before, cause, now_ns)]
    if trading.state is not TradingState.ACTIVE:
        told += _take_back(desk, cause, now_ns)
    return told


def _changed(desk: Desk, before: TradingState, cause: str, now_ns: int) -> TradingStateChanged:
    reason, detail = in_the_way(desk)
    return TradingStateChanged(
        event_ns=now_ns,
        received_ns=now_ns,
        before=before,
        after=desk.state.trading.state,
        reason=reason,
        detail=detail,
        cause=cause,
    )


def in_the_way(desk: Desk) -> tuple[str, str]:
    """Return the gravest reason that is in the way of entries, and its sentence; empty when there is none."""
    latches, breaker = desk.state.trading.latches, desk.state.breaker.reason
    for reason in (RejectReason.KILL_SWITCH, RejectReason.NOT_READY):
        if reason in latches:
            return reason.value, latches[reason.value].detail
    if breaker:
        return RejectReason.BREAKER_OPEN.value, f"the circuit breaker is open ({breaker})"
    for name in sorted(latches):
        return name, latches[name].detail
    return "", ""


def _take_back(desk: Desk, cause: str, now_ns: int) -> list[AnyMessage]:
    """Cancel every entry on its way, and exits that would turn a position around; when HALTED every resting exit, too."""
    is_halted = desk.state.trading.state is TradingState.HALTED
    return [
        send_cancel(desk, order, f"{order.id}-cancel", cause, now_ns)
        for order in desk.state.orders.working.values()
        if not order.is_cancel_sent
        and (order.kind is IntentKind.ENTRY or (is_halted and _rests(order)) or _overshoots(desk, order))
    ]


def take_back_overshooting(desk: Desk, position: Position, cause: str, now_ns: int) -> list[AnyMessage]:
    """Cancel the exits of a position that could turn it around, because something else has closed it meanwhile."""
    if not position.selling and not position.buying:
        return []
    return [
        send_cancel(desk, order, f"{order.id}-cancel", cause, now_ns)
        for order in desk.state.orders.working.values()
        if not order.is_cancel_sent
        and order.runner == position.runner
        and order.symbol == position.symbol
        and _overshoots(desk, order)
    ]


def _overshoots(desk: Desk, order: WorkingOrder) -> bool:
    position = desk.state.markets[order.symbol].positions[order.runner]
    return order.kind is IntentKind.EXIT and position.reducible(order.side) < ZERO


def flatten(desk: Desk, cause: str, now_ns: int) -> list[AnyMessage]:
    """Close whatever is held and is not being closed already."""
    told: list[AnyMessage] = []
    for market in desk.state.markets.values():
        for position in market.positions.values():
            if position.quantity:
                told += close_out(desk, position, exit_price(desk, market, position), cause, now_ns)
    return told


def exit_price(desk: Desk, market: Market, position: Position) -> Decimal:
    """Return the price to name for closing a position now: the side of the last quote, else what it cost."""
    quote = market.quote
    if quote is None:
        return desk.valuation.mark(market)
    return decimal_of(quote.bid if position.quantity > ZERO else quote.ask)


def close_out(desk: Desk, position: Position, price: Decimal, cause: str, now_ns: int) -> Sequence[AnyMessage]:
    """Close a position at market, unless that is on its way; its resting exits are cancelled, for they hold it back."""
    protection = position.protection
    if protection.working or now_ns < protection.not_before_ns:
        return ()
    side = Side.SELL if position.quantity > ZERO else Side.BUY
    resting = [
        order
        for order in desk.state.orders.working.values()
        if _rests(order)
        and order.kind is IntentKind.EXIT
        and order.runner == position.runner
        and order.symbol == position.symbol
    ]
    answers: list[AnyMessage] = [
        send_cancel(desk, order, f"{order.id}-cancel", cause, now_ns) for order in resting if not order.is_cancel_sent
    ]
    quantity = position.reducible(side)
    protection.is_held_back = quantity <= ZERO and bool(resting)  # until the last of them is off
    if quantity > ZERO:
        order = approve_protective_exit(position, quantity, price, cause, now_ns)
        protection.working = order.id
        desk.place(order)
        desk.state.counts.protective_exits += 1
        answers.append(order)
    return answers


def _rests(order: WorkingOrder) -> bool:
    return order.order_type is not OrderType.MARKET
