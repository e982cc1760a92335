"""The one place where an approved order is made."""

from decimal import Decimal

import msgspec

from common.messages import (
    AmendIntent,
    ApprovedAmend,
    ApprovedOrder,
    IntentKind,
    OrderIntent,
    OrderType,
    Side,
    Sized,
    TimeInForce,
)
from common.money import ZERO
from services.risk_manager.core.positions import Position


def approve(intent: OrderIntent, quantity: Decimal, limit_price: Decimal | None, now_ns: int) -> ApprovedOrder:
    """Approve an intent for `quantity` base units; an exit only ever reduces."""
    order = ApprovedOrder(  # fifteen keywords: beyond that the interpreter makes a dict first, at five times the cost
        event_ns=now_ns,
        received_ns=now_ns,
        id=intent.id,
        intent_id=intent.id,
        runner=intent.runner,
        strategy=intent.strategy,
        symbol=intent.symbol,
        kind=intent.kind,
        side=intent.side,
        quantity=quantity,
        order_type=intent.order_type,
        time_in_force=intent.time_in_force,
        reference_price=intent.reference_price,
        cause=intent.id,
        reduce_only=intent.kind is IntentKind.EXIT,
    )
    if limit_price is None and intent.terms is msgspec.UNSET:
        return order
    return msgspec.structs.replace(order, limit_price=limit_price, terms=intent.terms)


def approve_amend(
    wanted: AmendIntent,
    order_id: str,
    quantity: Decimal | None,
    prices: tuple[Decimal | None, Decimal | None],
    now_ns: int,
) -> ApprovedAmend:
    """Approve the change of a resting order: its quantity in all, its limit and its trigger, None where they stay."""
    limit, trigger = prices
    return ApprovedAmend(
        event_ns=now_ns,
        received_ns=now_ns,
        id=wanted.id,
        order_id=order_id,
        symbol=wanted.symbol,
        cause=wanted.id,
        quantity=quantity,
        limit_price=limit,
        trigger_price=trigger,
    )


def with_size(order: ApprovedOrder, sized: Sized) -> ApprovedOrder:
    """Say in an order how risk came to its quantity."""
    return msgspec.structs.replace(order, sizing=sized)


def approve_protective_exit(
    position: Position, quantity: Decimal, price: Decimal, cause: str, now_ns: int
) -> ApprovedOrder:
    """Close `quantity` of a position at market because a level was hit at `price`; its id counts per runner."""
    position.protection.count += 1
    order_id = f"{position.runner}-stop-{position.protection.count}"
    return ApprovedOrder(
        event_ns=now_ns,
        received_ns=now_ns,
        id=order_id,
        intent_id=order_id,
        runner=position.runner,
        strategy=position.strategy,
        symbol=position.symbol,
        kind=IntentKind.EXIT,
        side=Side.SELL if position.quantity > ZERO else Side.BUY,
        quantity=quantity,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        reference_price=price,
        cause=cause,
        reduce_only=True,
    )
