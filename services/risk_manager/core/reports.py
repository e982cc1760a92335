"""Takes in what the venue did: books fills, arms the stops of what was opened, lets go of what ended."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from common.ids import number_of
from common.messages import (
    AccountChanged,
    AnyMessage,
    Fill,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    PositionChanged,
    Side,
    TradingState,
)
from common.money import ONE, ZERO, begin_exact, end_exact, use_money_context
from services.risk_manager.core import fuses
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.halting import (
    close_out,
    exit_price,
    follow,
    is_calm,
    roll,
    take_back_overshooting,
)
from services.risk_manager.core.markets import Market, market_of
from services.risk_manager.core.orders import WorkingOrder, count_off
from services.risk_manager.core.positions import Position, book
from services.risk_manager.core.results import Results

STOP_RETRY_NS = 1_000_000_000
"""How long a protective exit that the venue rejected waits before it is tried again."""


def take_fill(desk: Desk, fill: Fill, now_ns: int) -> Sequence[AnyMessage]:
    """Book a fill once, whatever order it belongs to; say how position and account stand after it."""
    use_money_context()
    state, symbol = desk.state, fill.symbol
    order = state.orders.working.get(fill.order_id)
    last = state.orders.finished.get(fill.order_id) if order is None else order.last_fill
    number = number_of(fill.id)
    if last is not None and 0 <= number <= last:
        state.counts.repeated_fills += 1
        return ()
    if order is None:
        state.counts.unknown_order_fills += 1
        state.orders.finished.put(fill.order_id, number)
    state.counts.fills += 1
    lifted = roll(desk, fill.id, now_ns) if desk.limits.is_timed else []
    market = state.markets.get(symbol) or market_of(state.markets, symbol)
    position = market.positions.get(fill.runner) or market.position(fill.runner, fill.strategy)
    before = position.quantity
    currency = desk.instruments[symbol].quote
    begin_exact()
    notional = fill.quantity * fill.price
    realised = book(position, fill, notional, currency, desk.costing)
    state.account.book(fill, notional, realised, currency)
    if order is not None:
        _count_off(desk, order, position, fill, number)
    desk.changed(market, position)
    end_exact()
    _protect(desk, position, before, order, fill, now_ns)
    if desk.counts_results:
        _count_result(desk, market, position, fill, (before, realised))
    told = _changes(desk, position, fill, currency, now_ns)
    if is_calm(desk) and not lifted:
        return told
    return (*lifted, *told, *follow(desk, fill.id, now_ns), *_go_on(desk, position, fill.id, now_ns))


def _count_result(desk: Desk, market: Market, position: Position, fill: Fill, result: tuple[Decimal, Decimal]) -> None:
    """Hold what a fill brought against the losses that are allowed. result: what was held before, and what it realised."""
    if desk.limits.fuses.losing_streak:
        fuses.count_trade(desk, position, *result)
    if desk.limits.sizing.counts_trades:
        results = desk.state.results.setdefault(position.runner, Results())
        results.book(fill, result[0], position.quantity, result[1])
    if desk.losses.is_on:
        desk.losses.settle(market, fill)


def _go_on(desk: Desk, position: Position, cause: str, now_ns: int) -> Sequence[AnyMessage]:
    """Take back exits that would turn a position around; close what is left of one that is to be flattened."""
    if desk.state.trading.state is TradingState.ACTIVE:
        return ()
    told = take_back_overshooting(desk, position, cause, now_ns)
    if not desk.state.trading.flatten or not position.quantity:
        return told
    price = exit_price(desk, desk.state.markets[position.symbol], position)
    return (*told, *close_out(desk, position, price, cause, now_ns))


def _count_off(desk: Desk, order: WorkingOrder, position: Position, fill: Fill, number: int) -> None:
    is_later = number > order.last_fill
    if is_later:  # `max` and `min` take four times as long
        order.last_fill = number
    filled, remaining = fill.quantity, order.remaining
    if order.oco:
        count_off(desk.state.orders, order, position, min(filled, remaining))
        remaining = order.remaining
    else:
        is_too_much = filled > remaining
        if is_too_much:
            filled = remaining
        if order.side is Side.BUY:
            position.buying -= filled
        else:
            position.selling -= filled
        order.remaining = remaining = remaining - filled
    if not remaining or not fill.remaining_quantity:
        desk.release(order, position)


def _protect(
    desk: Desk, position: Position, before: Decimal, order: WorkingOrder | None, fill: Fill, now_ns: int
) -> None:
    after, protection = position.quantity, position.protection
    if not after:
        protection.disarm()
        return
    is_long = after > ZERO
    is_new = not before or (before > ZERO) is not is_long
    if not is_new and abs(after) <= abs(before):
        return
    if is_new:
        protection.disarm()
        protection.best = float(fill.price)
        if desk.limits.max_holding_ns:
            protection.opened_ns = now_ns
    if order is not None and order.guards is not None:
        protection.guard(order.guards)
    if order is not None and order.target_price is not None:
        protection.set_target(order.target_price)
    if order is not None and order.stop_price is not None:
        protection.set_stop(order.stop_price)
    elif desk.limits.stop_loss_share and (protection.stop is None or protection.is_default):
        share = desk.limits.stop_loss_share
        entry_price = fill.price if is_new else position.average_price
        price = entry_price * (ONE - share if is_long else ONE + share)
        protection.set_stop(desk.instruments[position.symbol].price(price), is_default=True)


def _changes(desk: Desk, position: Position, fill: Fill, currency: str, now_ns: int) -> Sequence[AnyMessage]:
    cause = fill.id
    changed = position_changed(desk, position, cause, now_ns)
    account = _account_changed(desk, currency, cause, now_ns)
    if fill.fee_currency == currency:
        return (changed, account)
    return (changed, account, _account_changed(desk, fill.fee_currency, cause, now_ns))


def position_changed(desk: Desk, position: Position, cause: str, now_ns: int) -> PositionChanged:
    """Return how a position stands."""
    symbol, quantity, protection = position.symbol, position.quantity, position.protection
    instrument = desk.instruments[symbol]
    stop_price = protection.stop
    if quantity and (desk.limits.trailing_share or protection.guards is not None):
        is_long = quantity > ZERO
        stop_price = protection.tightest_stop(desk.limits.trailing_share, instrument, is_long=is_long)
    changed = PositionChanged(
        event_ns=now_ns,
        received_ns=now_ns,
        runner=position.runner,
        strategy=position.strategy,
        symbol=symbol,
        currency=instrument.quote,
        quantity=quantity,
        average_price=position.average_price if quantity else ZERO,
        realised_pnl=position.realised,
        fees=position.fees,
        cause=cause,
        stop_price=stop_price,
        target_price=protection.target,
    )
    return changed if protection.guards is None else msgspec.structs.replace(changed, guards=protection.guards)


def _account_changed(desk: Desk, currency: str, cause: str, now_ns: int) -> AccountChanged:
    state = desk.state
    purse = state.account.purses[currency]  # a fill has been booked
    return AccountChanged(
        event_ns=now_ns,
        received_ns=now_ns,
        currency=currency,
        cash=purse.cash,
        realised_pnl=purse.realised,
        fees=purse.fees,
        open_positions=state.open_positions,
        cause=cause,
    )


def take_accepted(desk: Desk, report: OrderAccepted, now_ns: int) -> Sequence[AnyMessage]:
    """Note that the venue has the order."""
    order = desk.state.orders.working.get(report.order_id)
    if order is None or order.is_accepted:
        desk.state.counts.ignored_reports += 1
    else:
        order.is_accepted = True
    return ()


def take_end(desk: Desk, report: OrderRejected | OrderCancelled, now_ns: int) -> Sequence[AnyMessage]:
    """Let go of an order that ended without filling, or without filling the rest."""
    use_money_context()
    order = desk.state.orders.working.get(report.order_id)
    if order is None:
        desk.state.counts.ignored_reports += 1
        return ()
    market: Market = desk.state.markets[order.symbol]
    position = market.positions[order.runner]
    if position.protection.working == order.id:
        position.protection.not_before_ns = now_ns + STOP_RETRY_NS
    begin_exact()
    desk.release(order, position)
    desk.changed(market, position)
    end_exact()
    if desk.limits.fuses.reject_count and isinstance(report, OrderRejected):
        fuses.count_reject(desk, now_ns)
        return (*follow(desk, order.id, now_ns), *_go_on(desk, position, order.id, now_ns))
    if position.protection.is_held_back and position.quantity:
        return close_out(desk, position, exit_price(desk, market, position), order.id, now_ns)
    return _go_on(desk, position, order.id, now_ns)
