"""What a runner has asked for and not had answered, and the messages by which it asks. Ids are numbers of decisions."""

from decimal import Decimal

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from common.instruments import Instrument
from common.messages import CancelIntent, IntentKind, OrderIntent, OrderType, Side, SizingHint, StopUpdate
from common.money import ZERO, decimal_of, use_money_context
from services.signal.core.answers import AnswerError, Enter, Exit
from services.signal.core.position import Position


class Pending(msgspec.Struct, gc=False):
    """An intent on its way. age: updates since; filled: base units so far; cancelling: a cancel was sent."""

    intent_id: str
    kind: IntentKind
    order_type: OrderType
    age: int = 0
    filled: Decimal = ZERO
    cancelling: bool = False
    stop: Decimal | None = None
    target: Decimal | None = None


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Who asks, and because of what."""

    runner: str
    strategy: str
    symbol: str
    cause: str
    now_ns: int


class Levels(msgspec.Struct, frozen=True, gc=False):
    """Fractions of the price at which a strategy wants out, where an entry names none of its own."""

    stop_loss: float | None
    take_profit: float | None


def entry_intent(
    origin: Origin, number: int, decision: Enter, price: float, levels: Levels, facts: Instrument
) -> OrderIntent:
    """Return the intent of an entry, on the instrument's steps.

    Raises:
        AnswerError: nothing is left after rounding, or a level lies on the wrong side of the price.
    """
    side, order_type, stop, target = decision.side, decision.order_type, decision.stop, decision.target
    reference = price if decision.price is None else decision.price
    sign = 1 if side is Side.BUY else -1
    if stop is None:
        stop = _level(reference, decision.stop_fraction, levels.stop_loss, -sign)
    if target is None:
        target = _level(reference, decision.target_fraction, levels.take_profit, sign)
    if stop is not None and (reference - stop) * sign <= 0:
        raise AnswerError(f"stop_price: expected {'below' if sign > 0 else 'above'} {reference:g}, found {stop:g}")
    if target is not None and (target - reference) * sign <= 0:
        raise AnswerError(f"target_price: expected {'above' if sign > 0 else 'below'} {reference:g}, found {target:g}")
    runner, now_ns = origin.runner, origin.now_ns
    rounded = _price(facts, reference, "price")
    intent = OrderIntent(  # as few keywords as an order of a kind needs: beyond fifteen a dict is made first
        event_ns=now_ns,
        received_ns=now_ns,
        id=f"{runner}-{number}",
        runner=runner,
        strategy=origin.strategy,
        symbol=origin.symbol,
        kind=IntentKind.ENTRY,
        side=side,
        quantity=None if decision.quantity is None else _quantity(facts, decision.quantity),
        reference_price=rounded,
        order_type=order_type,
        time_in_force=decision.time_in_force,
        limit_price=rounded if order_type is OrderType.LIMIT else None,
        reason=decision.reason,
        cause=origin.cause,
    )
    if decision.hint is not None and any(decision.hint):
        intent = replace(intent, sizing=_hint(*decision.hint))
    if stop is None and target is None:
        return intent
    return replace(
        intent,
        stop_price=None if stop is None else _price(facts, stop, "stop_price"),
        target_price=None if target is None else _price(facts, target, "target_price"),
    )


def exit_intent(
    origin: Origin, number: int, decision: Exit, price: float, position: Position, facts: Instrument
) -> OrderIntent:
    """Return the intent that closes a position, or the part of it that the decision names.

    Raises:
        AnswerError: nothing is left after rounding.
    """
    runner, now_ns = origin.runner, origin.now_ns
    held = abs(position.quantity)
    quantity = held if decision.quantity is None else min(held, _quantity(facts, decision.quantity))
    return OrderIntent(
        id=f"{runner}-{number}",
        runner=runner,
        strategy=origin.strategy,
        symbol=origin.symbol,
        kind=IntentKind.EXIT,
        side=Side.BUY if position.quantity < ZERO else Side.SELL,
        quantity=quantity,
        reference_price=_price(facts, price if decision.price is None else decision.price, "price"),
        reason=decision.reason,
        cause=origin.cause,
        event_ns=now_ns,
        received_ns=now_ns,
    )


def cancel_intent(origin: Origin, pending: Pending, reason: str) -> CancelIntent:
    """Return the wish to cancel what is pending."""
    return CancelIntent(
        id=f"{pending.intent_id}-cancel",
        runner=origin.runner,
        intent_id=pending.intent_id,
        symbol=origin.symbol,
        reason=reason,
        cause=origin.cause,
        event_ns=origin.now_ns,
        received_ns=origin.now_ns,
    )


def stop_update(
    origin: Origin, number: int, stop: Decimal | None, target: Decimal | None, *, allow_widen: bool = False
) -> StopUpdate:
    """Return the wish to move the levels of a position."""
    return StopUpdate(
        allow_widen=allow_widen or UNSET,
        id=f"{origin.runner}-{number}",
        runner=origin.runner,
        symbol=origin.symbol,
        stop_price=stop,
        target_price=target,
        cause=origin.cause,
        event_ns=origin.now_ns,
        received_ns=origin.now_ns,
    )


def trailed_stop(position: Position, price: float, distance: float) -> float | None:
    """Return the stop at a distance behind the price; None where the position has a nearer one."""
    sign = position.side.sign
    stop = price - sign * distance
    if position.stop is not None and (stop - float(position.stop)) * sign <= 0:
        return None
    return stop


def stop_of(facts: Instrument, price: float, key: str) -> Decimal:
    """Return a level on the tick; raises AnswerError where nothing is left of it."""
    return _price(facts, price, key)


def _hint(risk: float | None, atr: float | None) -> SizingHint:
    return SizingHint(None if risk is None else decimal_of(risk), None if atr is None else decimal_of(atr))


def _level(price: float, own: float | None, usual: float | None, sign: int) -> float | None:
    fraction = usual if own is None else own
    return None if fraction is None else price * (1.0 + sign * fraction)


def _price(facts: Instrument, value: float, key: str) -> Decimal:
    use_money_context()
    price = facts.price(value)
    if price <= ZERO:
        raise AnswerError(f"{key}: {value:g} is nothing on a tick of {facts.tick_size}")
    return price


def _quantity(facts: Instrument, value: float) -> Decimal:
    use_money_context()
    quantity = facts.quantity(value)
    if quantity <= ZERO:
        raise AnswerError(f"quantity: {value:g} is nothing on a lot of {facts.lot_size}")
    return quantity
