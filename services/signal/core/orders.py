"""What a runner has asked for and not had answered, and the messages by which it asks. Ids are numbers of decisions."""

from decimal import Decimal
from typing import Self

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from common.instruments import Instrument
from common.messages import (
    AmendIntent,
    CancelIntent,
    IntentKind,
    OrderIntent,
    OrderType,
    RunnerState,
    Side,
    SizingHint,
    StopUpdate,
)
from common.money import ZERO, decimal_of, use_money_context
from common.order_terms import rests
from services.signal.core.answers import ChangeOrder, Enter, Exit, TrailStop
from services.signal.core.asking_orders import Asked
from services.signal.core.host import OrderView
from services.signal.core.ordering import guards_of, ordered, price_on_tick
from services.signal.core.position import Position
from services.signal.core.reading import AnswerError


class Pending(msgspec.Struct, gc=False):
    """An intent on its way. age: updates since; filled: base units so far; cancelling: a cancel was sent.

    rests: it may stay at the venue for a while; is_managed: its strategy is asked about it meanwhile. side, quantity and
    prices: as they were asked for, or amended. then_exit: why the position is to be closed once this is off. amending: id of the
    change on its way. leg: which of a pair it is, 0 where it is alone.
    """

    intent_id: str
    kind: IntentKind
    order_type: OrderType
    age: int = 0
    filled: Decimal = ZERO
    cancelling: bool = False
    stop: Decimal | None = None
    target: Decimal | None = None
    rests: bool = False
    is_managed: bool = False
    side: Side | None = None
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    then_exit: str | None = None
    amending: str = ""
    leg: int = 0

    @classmethod
    def of(cls, intent: OrderIntent, asked: Asked, leg: int = 0) -> Self:
        """Return what is pending once an intent was sent."""
        stop, target, order_type = intent.stop_price, intent.target_price, intent.order_type
        pending = cls(intent.id, intent.kind, order_type, stop=stop, target=target, leg=leg)
        if rests(order_type, intent.time_in_force):
            pending.rests, pending.is_managed = True, asked.manage
            pending.side, pending.quantity, pending.limit_price = intent.side, intent.quantity, intent.limit_price
            pending.trigger_price = None if intent.terms is UNSET else intent.terms.trigger_price
        return pending

    def view(self) -> OrderView:
        """Return it as strategies see it."""
        assert self.side is not None, f"{self.intent_id}: expected an order that rests"
        quantity, price, trigger = self.quantity, self.limit_price, self.trigger_price
        return OrderView(
            self.kind.value,
            self.side.value,
            self.order_type.value,
            None if quantity is None else float(quantity),
            float(self.filled),
            None if price is None else float(price),
            None if trigger is None else float(trigger),
            self.age,
            self.cancelling,
            bool(self.amending),
            self.leg or None,
        )


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
    side, stop, target = decision.side, decision.stop, decision.target
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
    rounded = price_on_tick(facts, reference, "price")
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
        reason=decision.reason,
        cause=origin.cause,
    )
    if decision.hint is not None and any(decision.hint):
        intent = replace(intent, sizing=_hint(*decision.hint))
    if decision.asked is not None:
        intent = ordered(intent, decision.asked, facts)
    if decision.guarding is not None:
        intent = replace(intent, guards=guards_of(decision.guarding, facts))
    if stop is None and target is None:
        return intent
    return replace(
        intent,
        stop_price=None if stop is None else price_on_tick(facts, stop, "stop_price"),
        target_price=None if target is None else price_on_tick(facts, target, "target_price"),
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
    intent = OrderIntent(
        id=f"{runner}-{number}",
        runner=runner,
        strategy=origin.strategy,
        symbol=origin.symbol,
        kind=IntentKind.EXIT,
        side=Side.BUY if position.quantity < ZERO else Side.SELL,
        quantity=quantity,
        reference_price=price_on_tick(facts, _reference(decision, price), "price"),
        reason=decision.reason,
        cause=origin.cause,
        event_ns=now_ns,
        received_ns=now_ns,
    )
    return intent if decision.asked is None else ordered(intent, decision.asked, facts)


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


def amend_intent(
    origin: Origin, number: int, pending: Pending, decision: ChangeOrder, facts: Instrument
) -> AmendIntent:
    """Return the wish to change what rests; raises AnswerError where nothing is left after rounding."""
    return AmendIntent(
        id=f"{origin.runner}-{number}",
        runner=origin.runner,
        intent_id=pending.intent_id,
        symbol=origin.symbol,
        quantity=None if decision.quantity is None else _quantity(facts, decision.quantity),
        limit_price=None if decision.price is None else price_on_tick(facts, decision.price, "price"),
        trigger_price=None if decision.trigger is None else price_on_tick(facts, decision.trigger, "trigger_price"),
        reason=decision.reason,
        cause=origin.cause,
        event_ns=origin.now_ns,
        received_ns=origin.now_ns,
    )


def _reference(decision: Exit, price: float) -> float:
    asked = None if decision.asked is None else decision.asked.reference
    named = decision.price if asked is None else asked
    return price if named is None else named


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


def is_asked_about(pending: Pending, state: RunnerState) -> bool:
    """Return whether a strategy has a say while its order is on its way."""
    return pending.is_managed and not pending.cancelling and state is not RunnerState.IDLE


def trailed_stop(position: Position, price: float, wanted: TrailStop) -> float | None:
    """Return the stop at a distance behind the price; None where the position has a nearer one."""
    distance = wanted.distance if wanted.distance is not None else price * (wanted.fraction or 0.0)
    sign = position.side.sign
    stop = price - sign * distance
    if position.stop is not None and (stop - float(position.stop)) * sign <= 0:
        return None
    return stop


def stop_of(facts: Instrument, price: float, key: str) -> Decimal:
    """Return a level on the tick; raises AnswerError where nothing is left of it."""
    return price_on_tick(facts, price, key)


def _hint(risk: float | None, atr: float | None) -> SizingHint:
    return SizingHint(None if risk is None else decimal_of(risk), None if atr is None else decimal_of(atr))


def _level(price: float, own: float | None, usual: float | None, sign: int) -> float | None:
    fraction = usual if own is None else own
    return None if fraction is None else price * (1.0 + sign * fraction)


def _quantity(facts: Instrument, value: float) -> Decimal:
    use_money_context()
    quantity = facts.quantity(value)
    if quantity <= ZERO:
        raise AnswerError(f"quantity: {value:g} is nothing on a lot of {facts.lot_size}")
    return quantity
