"""Decides intents: checks them against the rules, approves or refuses; passes on cancels and moves stops."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from common.ids import Novelty
from common.instruments import Instrument
from common.messages import (
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    CancelIntent,
    IntentKind,
    OrderIntent,
    OrderRefused,
    OrderType,
    RejectReason,
    Side,
    StopUpdate,
)
from common.money import ZERO, is_price, use_money_context
from services.risk_manager.core.approval import approve
from services.risk_manager.core.desk import Desk, LastEntry
from services.risk_manager.core.markets import Market, market_of
from services.risk_manager.core.orders import WorkingOrder
from services.risk_manager.core.positions import Position
from services.risk_manager.core.reports import position_changed
from services.risk_manager.core.rules import BY_TOTALS, ENTRY_RULES, EXIT_RULES, first_refusal
from services.risk_manager.core.view import Refusal, View


def decide(desk: Desk, intent: OrderIntent, now_ns: int) -> Sequence[AnyMessage]:
    """Answer an intent with an approved order or a refusal; a repeat gets no second answer."""
    use_money_context()
    novelty = desk.state.intents.judge(intent.id, intent.event_ns)
    if novelty is Novelty.REPEAT:
        desk.state.counts.repeated_intents += 1
        return ()
    market = market_of(desk.state.markets, intent.symbol)
    position = market.position(intent.runner, intent.strategy)
    earlier_id = intent.id if novelty is Novelty.REUSED else ""
    quantity = _on_lot(intent, desk.instruments[intent.symbol])
    if intent.kind is IntentKind.EXIT:
        view = _view_of_exit(desk, intent, position, quantity, earlier_id)
        found = first_refusal(EXIT_RULES, intent, view)
        quantity = min(quantity, view.reducible)
    else:
        earlier_id = earlier_id or _equal_entry(desk, intent, now_ns)
        found = _check_entry(desk, intent, _view_of_entry(desk, intent, market, quantity, earlier_id, now_ns))
    if found is not None:
        return (_refuse(desk, intent, *found, now_ns),)
    return (_approve(desk, intent, quantity, now_ns),)


def _refuse(desk: Desk, intent: OrderIntent, reason: RejectReason, refusal: Refusal, now_ns: int) -> OrderRefused:
    refused = desk.state.counts.refused
    refused[reason.value] = refused.get(reason.value, 0) + 1
    return OrderRefused(
        event_ns=now_ns,
        received_ns=now_ns,
        intent_id=intent.id,
        runner=intent.runner,
        symbol=intent.symbol,
        reason=reason,
        limit=refusal.limit,
        found=refusal.found,
        detail=refusal.detail,
        cause=intent.id,
    )


def _approve(desk: Desk, intent: OrderIntent, quantity: Decimal, now_ns: int) -> ApprovedOrder:
    limit_price = intent.limit_price if intent.order_type is OrderType.LIMIT else None
    if limit_price is not None and limit_price % desk.instruments[intent.symbol].tick_size:
        limit_price = desk.instruments[intent.symbol].price(limit_price)
    order = approve(intent, quantity, limit_price, now_ns)
    desk.place(order, intent.stop_price, intent.target_price)
    desk.state.counts.approved += 1
    if desk.limits.duplicate_window_ns and intent.kind is IntentKind.ENTRY:
        desk.state.last_entries[intent.runner] = LastEntry(
            intent.id, intent.side, intent.quantity, intent.order_type, intent.limit_price, now_ns
        )
    return order


def _on_lot(intent: OrderIntent, instrument: Instrument) -> Decimal:
    quantity = intent.quantity
    if not quantity.is_finite():
        return ZERO
    return instrument.quantity(quantity) if quantity % instrument.lot_size else quantity


def _view_of_exit(desk: Desk, intent: OrderIntent, position: Position, quantity: Decimal, earlier_id: str) -> View:
    return View(
        limits=desk.limits,
        instrument=desk.instruments[intent.symbol],
        quantity=quantity,
        reducible=position.reducible(intent.side),
        earlier_id=earlier_id,
    )


def _view_of_entry(
    desk: Desk, intent: OrderIntent, market: Market, quantity: Decimal, earlier_id: str, now_ns: int
) -> View:
    state, valuation = desk.state, desk.valuation
    instrument = desk.instruments[intent.symbol]
    mark = valuation.mark(market)
    long_reach, short_reach = _reaches(intent, market, quantity)
    value = (max(long_reach, short_reach)) * mark
    if instrument.quote != desk.limits.account_currency:
        value *= valuation.rate(instrument.quote)
    return View(
        limits=desk.limits,
        instrument=instrument,
        quantity=quantity,
        earlier_id=earlier_id,
        breaker=state.breaker.reason,
        market_state=market.state,
        quote_age_ns=None if market.quote_ns is None else now_ns - market.quote_ns,
        mark=mark,
        others_open=state.open_positions - market.positions[intent.runner].is_open,
        reach=long_reach if intent.side is Side.BUY else short_reach,
        reach_value=value,
    )


def _check_entry(desk: Desk, intent: OrderIntent, view: View) -> tuple[RejectReason, Refusal] | None:
    # What passes by the bounds of the totals passes by the totals, and the bounds cost next to nothing.
    bounds = desk.rough.bounds_without(intent.symbol)
    if bounds is not None:
        found = first_refusal(ENTRY_RULES, intent, replace(view, others_value=bounds[0], equity=bounds[1]))
        if found is None or found[0] not in BY_TOTALS:
            return found
    valuation = desk.valuation
    exact = replace(view, others_value=valuation.exposure_without(intent.symbol), equity=valuation.equity())
    return first_refusal(ENTRY_RULES, intent, exact)


def _reaches(intent: OrderIntent, market: Market, quantity: Decimal) -> tuple[Decimal, Decimal]:
    own = market.positions[intent.runner]
    long_reach, short_reach = own.quantity + own.buying, own.selling - own.quantity
    if intent.side is Side.BUY:
        long_reach += quantity
    else:
        short_reach += quantity
    long_reach, short_reach = max(long_reach, ZERO), max(short_reach, ZERO)
    if len(market.positions) > 1:
        for position in market.positions.values():
            if position is not own:
                long_reach += max(position.quantity + position.buying, ZERO)
                short_reach += max(position.selling - position.quantity, ZERO)
    return long_reach, short_reach


def _equal_entry(desk: Desk, intent: OrderIntent, now_ns: int) -> str:
    window_ns = desk.limits.duplicate_window_ns
    if not window_ns:
        return ""
    last = desk.state.last_entries.get(intent.runner)
    if last is None or now_ns - last.at_ns >= window_ns or not last.equals(intent):
        return ""
    return last.id


def cancel(desk: Desk, wanted: CancelIntent, now_ns: int) -> Sequence[AnyMessage]:
    """Pass a cancel on if its order is still at work and nobody has cancelled it yet."""
    order = desk.state.orders.working.get(wanted.intent_id)
    if order is None or order.is_cancel_sent:
        desk.state.counts.ignored_cancels += 1
        return ()
    return (send_cancel(desk, order, wanted.id, wanted.id, now_ns),)


def send_cancel(desk: Desk, order: WorkingOrder, id_: str, cause: str, now_ns: int) -> ApprovedCancel:
    """Cancel a working order; at most one cancel goes out for each."""
    order.is_cancel_sent = True
    desk.state.counts.cancels += 1
    return ApprovedCancel(
        event_ns=now_ns, received_ns=now_ns, id=id_, order_id=order.id, symbol=order.symbol, cause=cause
    )


def move_stops(desk: Desk, update: StopUpdate, now_ns: int) -> Sequence[AnyMessage]:
    """Move a position's levels as its runner wishes; a repeat, no price, or no position to protect is ignored."""
    use_money_context()
    market = desk.state.markets.get(update.symbol)
    position = None if market is None else market.positions.get(update.runner)
    is_repeat = desk.state.stop_updates.judge(update.id, update.event_ns) is Novelty.REPEAT
    levels = (update.stop_price, update.target_price)
    is_sound = all(price is None or is_price(price) for price in levels)
    if position is None or not position.quantity or is_repeat or not is_sound:
        desk.state.counts.ignored_stop_updates += 1
        return ()
    if update.stop_price is not None:
        position.protection.set_stop(update.stop_price)
    if update.target_price is not None:
        position.protection.set_target(update.target_price)
    return (position_changed(desk, position, update.id, now_ns),)
