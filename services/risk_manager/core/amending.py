"""Decides changes of resting orders: what would be there after the change is held against the rules in the place of what is."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from common.ids import Novelty
from common.messages import (
    AmendIntent,
    AmendRefused,
    AmendRejected,
    AnyMessage,
    IntentKind,
    OrderAmended,
    OrderIntent,
    RejectReason,
)
from common.money import ZERO, begin_exact, end_exact, use_money_context
from services.risk_manager.core.approval import approve_amend
from services.risk_manager.core.checking import check
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.markets import Market
from services.risk_manager.core.orders import WorkingOrder, count_off
from services.risk_manager.core.positions import Position
from services.risk_manager.core.refusal import Refusal
from services.risk_manager.core.rules import CODES

NOT_AGAIN: Final = ""
type Found = tuple[RejectReason, Refusal] | None


def amend(desk: Desk, wanted: AmendIntent, now_ns: int) -> Sequence[AnyMessage]:
    """Pass a change on if the order would pass as it is after it.

    A repeat is ignored, as is what cannot be changed now: it rests no more, or another change of it is on its way.
    """
    use_money_context()
    order = desk.state.orders.working.get(wanted.intent_id)
    is_repeat = desk.state.stop_updates.judge(wanted.id, wanted.event_ns) is Novelty.REPEAT
    if order is None or order.wanted is None or order.is_cancel_sent or order.amending or is_repeat:
        desk.state.counts.ignored_amends += 1
        return ()
    market = desk.state.markets[order.symbol]
    position = market.positions[order.runner]
    after = _after(order, order.wanted, wanted)
    quantity, found = _judge(desk, order, position, after, now_ns)
    if found is not None:
        return (_refuse(desk, wanted, found, now_ns),)
    begin_exact()
    raise_by = quantity - order.remaining
    if raise_by > ZERO:  # it counts from now on; what becomes less counts once the venue has said so
        count_off(desk.state.orders, order, position, -raise_by)
        order.raised += raise_by
        desk.changed(market, position)
    end_exact()
    filled, order.amending = _filled(order), wanted.id
    desk.state.counts.amends += 1
    total = None if wanted.quantity is None else filled + quantity
    trigger = None if wanted.trigger_price is None or after.terms is UNSET else after.terms.trigger_price
    limit = None if wanted.limit_price is None else after.limit_price
    return (approve_amend(wanted, order.id, total, (limit, trigger), now_ns),)


def _filled(order: WorkingOrder) -> Decimal:
    """Return how much of an order has filled, base units."""
    wanted = order.wanted
    assert wanted is not None, f"{order.id}: expected an order that rests"
    assert wanted.quantity is not None, f"{order.id}: expected a quantity"
    return wanted.quantity - (order.remaining - order.raised)


def _after(order: WorkingOrder, before: OrderIntent, wanted: AmendIntent) -> OrderIntent:
    """Return the order as an intent for what is still to fill, as it would be after the change."""
    quantity = order.remaining if wanted.quantity is None else wanted.quantity - _filled(order)
    limit = before.limit_price if wanted.limit_price is None else wanted.limit_price
    terms = before.terms
    if wanted.trigger_price is not None and terms is not UNSET:
        terms = replace(terms, trigger_price=wanted.trigger_price)
    return replace(before, quantity=quantity, limit_price=limit, terms=terms)


def _judge(
    desk: Desk, order: WorkingOrder, position: Position, after: OrderIntent, now_ns: int
) -> tuple[Decimal, Found]:
    """Hold the changed order against the rules as if it were new and the old one were not there."""
    market, remaining, last = desk.state.markets[order.symbol], order.remaining, desk.state.last_entries
    entry = last.pop(order.runner, None)  # it is no repeat of what it changes
    _lift(desk, market, position, order, remaining)
    quantity, found, _ = check(desk, after, market, NOT_AGAIN, now_ns)
    _lift(desk, market, position, order, -remaining)
    if entry is not None:
        last[order.runner] = entry
    return quantity, found


def _lift(desk: Desk, market: Market, position: Position, order: WorkingOrder, quantity: Decimal) -> None:
    begin_exact()
    count_off(desk.state.orders, order, position, quantity)
    if order.kind is IntentKind.ENTRY:
        position.entries += 1 if quantity < ZERO else -1
    desk.changed(market, position)
    end_exact()


def _refuse(desk: Desk, wanted: AmendIntent, found: tuple[RejectReason, Refusal], now_ns: int) -> AmendRefused:
    reason, refusal = found
    refused = desk.state.counts.refused
    refused[reason.value] = refused.get(reason.value, 0) + 1
    return AmendRefused(
        event_ns=now_ns,
        received_ns=now_ns,
        order_id=wanted.intent_id,
        runner=wanted.runner,
        symbol=wanted.symbol,
        reason=reason,
        limit=refusal.limit,
        found=refusal.found,
        detail=refusal.detail,
        cause=wanted.id,
        code=CODES[reason],
        used=refusal.used,
        asked=refusal.asked,
    )


def take_amended(desk: Desk, report: OrderAmended | AmendRejected, now_ns: int) -> Sequence[AnyMessage]:
    """Take over how an order stands at the venue after a change, or that nothing has changed."""
    use_money_context()
    order = desk.state.orders.working.get(report.order_id)
    if order is None or order.wanted is None:
        desk.state.counts.ignored_reports += 1
        return ()
    market = desk.state.markets[order.symbol]
    position = market.positions[order.runner]
    before, is_own = order.wanted, report.cause == order.amending
    begin_exact()
    if isinstance(report, OrderAmended):
        raised = ZERO if is_own else order.raised
        count_off(desk.state.orders, order, position, order.remaining - report.remaining_quantity - raised)
        terms = before.terms
        if report.trigger_price is not None and terms is not UNSET:
            terms = replace(terms, trigger_price=report.trigger_price)
        order.wanted = replace(before, quantity=report.quantity, limit_price=report.limit_price, terms=terms)
    elif is_own:
        count_off(desk.state.orders, order, position, order.raised)
    if is_own:
        order.raised, order.amending = ZERO, ""
    desk.changed(market, position)
    end_exact()
    return ()
