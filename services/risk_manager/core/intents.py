"""Decides intents: checks them against the rules, approves or refuses; passes on cancels and moves stops."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import UNSET

from common.ids import Novelty
from common.messages import (
    AnyMessage,
    ApprovedOrder,
    CancelIntent,
    IntentKind,
    OrderIntent,
    OrderRefused,
    OrderType,
    RejectReason,
    StopUpdate,
)
from common.money import ZERO, figure, is_price, use_money_context
from common.order_terms import WITH_PRICE
from services.risk_manager.core import fuses
from services.risk_manager.core.approval import approve, with_size
from services.risk_manager.core.basis import Sizing
from services.risk_manager.core.checking import check
from services.risk_manager.core.desk import Desk, LastEntry
from services.risk_manager.core.halting import follow, roll
from services.risk_manager.core.markets import market_of
from services.risk_manager.core.refusal import Refusal
from services.risk_manager.core.reports import position_changed
from services.risk_manager.core.rules import CODES
from services.risk_manager.core.sending import send_cancel


def decide(desk: Desk, intent: OrderIntent, now_ns: int) -> Sequence[AnyMessage]:
    """Answer an intent with an approved order or a refusal; a repeat gets no second answer."""
    use_money_context()
    state, symbol = desk.state, intent.symbol
    novelty = state.intents.judge(intent.id, intent.event_ns)
    if novelty is Novelty.REPEAT:
        state.counts.repeated_intents += 1
        return ()
    market = state.markets.get(symbol) or market_of(state.markets, symbol)
    if intent.runner not in market.positions:
        market.position(intent.runner, intent.strategy)
    used_id = intent.id if novelty is Novelty.REUSED else ""
    lifted: Sequence[AnyMessage] = ()
    if desk.limits.is_timed:
        lifted = roll(desk, intent.id, now_ns)
    quantity, found, sizing = check(desk, intent, market, used_id, now_ns)
    if found is not None:
        return (*lifted, refuse(desk, intent, found, sizing, now_ns))
    order = approved(desk, intent, quantity, sizing, now_ns)
    if desk.limits.fuses.order_count:
        fuses.count_order(desk, now_ns)
        return (*lifted, order, *follow(desk, order.id, now_ns))
    return (*lifted, order)


def refuse(
    desk: Desk, intent: OrderIntent, found: tuple[RejectReason, Refusal], sizing: Sizing | None, now_ns: int
) -> OrderRefused:
    """Count and return a refusal; sizing: how risk came to the quantity that is refused."""
    reason, refusal = found
    detail = refusal.detail
    if sizing is not None:  # the intent itself does not say what was asked about
        detail = f"{detail} ({figure(sizing.quantity)} {sizing.detail})"
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
        detail=detail,
        cause=intent.id,
        code=CODES[reason],
        used=refusal.used,
        asked=refusal.asked,
    )


def approved(desk: Desk, intent: OrderIntent, quantity: Decimal, sizing: Sizing | None, now_ns: int) -> ApprovedOrder:
    """Take an order that passed every rule into work, and return it."""
    limit_price = None
    if intent.order_type is not OrderType.MARKET and intent.order_type in WITH_PRICE:  # an enum's hash is slow
        limit_price = intent.limit_price
    if limit_price is not None and limit_price % desk.instruments[intent.symbol].tick_size:
        limit_price = desk.instruments[intent.symbol].price(limit_price)
    order = approve(intent, quantity, limit_price, now_ns)
    desk.place(order, intent)
    desk.state.counts.approved += 1
    if desk.limits.duplicate_window_ns and intent.kind is IntentKind.ENTRY:
        desk.state.last_entries[intent.runner] = LastEntry(
            intent.id,
            intent.side,
            intent.quantity,
            intent.order_type,
            intent.limit_price,
            now_ns,
            None if intent.terms is UNSET else intent.terms,
        )
    return order if sizing is None else with_size(order, sizing.sized)


def cancel(desk: Desk, wanted: CancelIntent, now_ns: int) -> Sequence[AnyMessage]:
    """Pass a cancel on if its order is still at work and nobody has cancelled it yet."""
    order = desk.state.orders.working.get(wanted.intent_id)
    if order is None or order.is_cancel_sent:
        desk.state.counts.ignored_cancels += 1
        return ()
    return (send_cancel(desk, order, wanted.id, wanted.id, now_ns),)


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
    stop = update.stop_price
    if stop is not None:
        if update.allow_widen is not True and position.protection.widens(stop, is_long=position.quantity > ZERO):
            desk.state.counts.ignored_stop_updates += 1  # its runner hears where the stop stays
        else:
            position.protection.set_stop(stop)
    if update.target_price is not None:
        position.protection.set_target(update.target_price)
    return (position_changed(desk, position, update.id, now_ns),)
