"""One runner's dealings: its position, what it has asked for, and how answers change both.

How it works: while `pending` is there the runner asks its strategy nothing. An entry that has begun to fill makes room
for decisions again and rests in `working` until it ends; what is still working when the position is gone becomes
pending once more, so that nothing new begins before the old order is known to be dead. Of a pair, `other` rests beside `pending`
and takes its place when that is gone.
"""

from decimal import Decimal

import msgspec

from common.instruments import Instrument
from common.messages import AmendRefused, AmendRejected, AnyMessage, Fill, IntentKind, OrderAmended
from common.money import ZERO, use_money_context
from services.signal.core.answers import ChangeOrder, Enter, Exit, TakeBack
from services.signal.core.host import OrderView
from services.signal.core.orders import (
    Levels,
    Origin,
    Pending,
    amend_intent,
    cancel_intent,
    entry_intent,
    exit_intent,
    stop_update,
)
from services.signal.core.position import Position
from services.signal.core.reading import AnswerError

FILLS_REMEMBERED = 64
"""Ids of the latest fills, by which one that is delivered again is recognised."""


class Told(msgspec.Struct, frozen=True, gc=False):
    """The levels that risk watches for a position of this size; its message and the fill may come in either order."""

    quantity: Decimal
    stop: Decimal | None
    target: Decimal | None


class Desk(msgspec.Struct):
    """decisions: number of the latest decision, which ids are made of."""

    position: Position
    pending: Pending | None = None
    working: Pending | None = None
    decisions: int = 0
    repeated: int = 0
    unmatched: int = 0
    fills: list[str] = []
    told: Told | None = None
    other: Pending | None = None

    def enter(self, origin: Origin, decision: Enter, price: float, levels: Levels, facts: Instrument) -> AnyMessage:
        """Ask for a position; raises AnswerError."""
        if self.pending is not None:
            raise AnswerError("action: expected amend, cancel or hold while an entry rests, found another entry")
        intent = entry_intent(origin, self.decisions + 1, decision, price, levels, facts)
        self.decisions += 1
        if decision.asked is None:
            self.pending = Pending(
                intent.id, IntentKind.ENTRY, intent.order_type, stop=intent.stop_price, target=intent.target_price
            )
        else:
            self.pending = Pending.of(intent, decision.asked)
        return intent

    def leave(self, origin: Origin, decision: Exit, price: float, facts: Instrument) -> list[AnyMessage]:
        """Ask for the end of the position or of a part of it; raises AnswerError.

        An exit that rests already is taken back first; once it is off, the whole position is closed at market.
        """
        if self.pending is not None:
            self.pending.then_exit = decision.reason
            return [] if self.pending.cancelling else [self.cancel(origin, self.pending, "exit")]
        intent = exit_intent(origin, self.decisions + 1, decision, price, self.position, facts)
        self.decisions += 1
        asked: list[AnyMessage] = []
        if self.working is not None and not self.working.cancelling:
            asked.append(self.cancel(origin, self.working, "exit"))
        if decision.asked is None:
            self.pending = Pending(intent.id, IntentKind.EXIT, intent.order_type)
        else:
            self.pending = Pending.of(intent, decision.asked)
        return [*asked, intent]

    @property
    def resting(self) -> Pending | None:
        """Return the order that may rest at the venue and is not being cancelled."""
        for order in (self.pending, self.working):
            if order is not None and order.rests and not order.cancelling:
                return order
        return None

    def see_to_order(self, origin: Origin, decision: ChangeOrder | TakeBack, facts: Instrument) -> list[AnyMessage]:
        """Change or cancel the order that rests; raises AnswerError."""
        if isinstance(decision, TakeBack):
            return self.take_back(origin, decision.reason)
        return self.change(origin, decision, facts)

    def take_back(self, origin: Origin, reason: str) -> list[AnyMessage]:
        """Cancel the order that rests; raises AnswerError where there is none."""
        order = self.resting
        if order is None:
            raise AnswerError("cancel: expected an order that rests, found none")
        return [self.cancel(origin, order, reason)]

    def change(self, origin: Origin, decision: ChangeOrder, facts: Instrument) -> list[AnyMessage]:
        """Ask for the order that rests to be changed; raises AnswerError where there is none, or nothing would change."""
        order = _named(self, decision.leg)
        if order is None:
            raise AnswerError("amend: expected an order that rests, found none")
        if decision.price is not None and order.limit_price is None:
            raise AnswerError(f"price: expected nothing for {order.order_type}, found {decision.price:g}")
        if decision.trigger is not None and order.trigger_price is None:
            raise AnswerError(f"trigger_price: expected nothing for {order.order_type}, found {decision.trigger:g}")
        intent = amend_intent(origin, self.decisions + 1, order, decision, facts)
        is_same = (
            intent.quantity in (None, order.quantity)
            and intent.limit_price in (None, order.limit_price)
            and intent.trigger_price in (None, order.trigger_price)
        )
        if is_same:
            return []
        self.decisions += 1
        order.amending = order.amending or intent.id
        return [intent]

    def learn_amended(self, amended: OrderAmended | AmendRejected | AmendRefused) -> None:
        """Take over how an order of this desk stands after a change, or that nothing has changed."""
        for order in (self.pending, self.other, self.working):
            if order is None or order.intent_id != amended.order_id:
                continue
            if order.amending == amended.cause:
                order.amending = ""
            if isinstance(amended, OrderAmended):
                order.quantity = amended.quantity
                order.limit_price, order.trigger_price = amended.limit_price, amended.trigger_price

    def move(
        self, origin: Origin, stop: Decimal | None, target: Decimal | None, *, allow_widen: bool = False
    ) -> list[AnyMessage]:
        """Ask for other levels; nothing where they are as wanted."""
        position = self.position
        stop = None if stop == position.stop else stop
        target = None if target == position.target else target
        if stop is None and target is None:
            return []
        self.decisions += 1
        position.stop = position.stop if stop is None else stop
        position.target = position.target if target is None else target
        return [stop_update(origin, self.decisions, stop, target, allow_widen=allow_widen)]

    def age(self, origin: Origin, limit: int) -> list[AnyMessage]:
        """Count an update; cancel limit entries that have rested for `limit` of them (0: never)."""
        asked: list[AnyMessage] = []
        for order in (self.pending, self.working, self.other):
            if order is None:
                continue
            order.age += 1
            if order.kind is IntentKind.ENTRY and order.rests and 0 < limit <= order.age and not order.cancelling:
                asked.append(self.cancel(origin, order, "timeout"))
        return asked

    def fill(self, fill: Fill, origin: Origin) -> list[AnyMessage]:
        """Take a fill of this runner; return what must be cancelled because of it."""
        pending = self.pending
        if self.other is not None and self.other.intent_id == fill.intent_id:
            pending, self.other = self.other, pending
            self.pending = pending
        is_first = pending is not None and pending.intent_id == fill.intent_id and not pending.filled
        if not is_first and fill.id in self.fills:  # the first fill of what was asked for has no need of the search
            self.repeated += 1
            return []
        if len(self.fills) >= FILLS_REMEMBERED:
            del self.fills[0]
        self.fills.append(fill.id)
        use_money_context()
        position = self.position
        position.apply(fill.side, fill.quantity, fill.price)
        self._settle(fill)
        if self.other is not None:
            _end_pair(self)
        if self.told is not None:
            self._match_levels()
        if self.working is None or position.quantity:
            return []
        left, self.working = self.working, None
        if self.pending is None:
            self.pending = left
        elif self.pending.leg:
            self.other = left
        return [] if left.cancelling else [self.cancel(origin, left, "position closed")]

    def _settle(self, fill: Fill) -> None:
        ended = not fill.remaining_quantity
        pending, working = self.pending, self.working
        if pending is not None and pending.intent_id == fill.intent_id:
            pending.filled += fill.quantity
            if pending.kind is IntentKind.ENTRY:
                self.position.stop, self.position.target = pending.stop, pending.target
            if ended:
                self.pending = None
            elif pending.kind is IntentKind.ENTRY and working is None:
                self.pending, self.working = None, pending
        elif working is not None and working.intent_id == fill.intent_id:
            working.filled += fill.quantity
            if ended:
                self.working = None

    def learn_levels(self, quantity: Decimal, stop: Decimal | None, target: Decimal | None) -> bool:
        """Take over the levels that risk watches for a position of this size; return whether they are others than before."""
        position = self.position
        if not quantity or position.quantity != quantity:
            self.told = Told(quantity, stop, target)
            return False
        is_other = position.stop != stop or position.target != target
        self.told, position.stop, position.target = None, stop, target
        return is_other

    def _match_levels(self) -> None:
        told, position = self.told, self.position
        if told is not None and position.quantity and told.quantity == position.quantity:
            position.stop, position.target = told.stop, told.target
            self.told = None

    def end(self, intent_id: str) -> bool:
        """Forget an order that was refused, rejected or cancelled; return whether it was an entry without any fill.

        Of a pair, the last that ends is asked about.
        """
        if self.other is not None and self.other.intent_id == intent_id:
            self.pending, self.other = self.other, self.pending
        if self.pending is not None and self.pending.intent_id == intent_id:
            ended, self.pending = self.pending, None
            if self.other is None:
                return ended.kind is IntentKind.ENTRY and ended.filled == ZERO
            self.other.then_exit = self.other.then_exit or ended.then_exit
            _end_pair(self)
            return False
        if self.working is not None and self.working.intent_id == intent_id:
            self.working = None
        else:
            self.unmatched += 1
        return False

    def cancel(self, origin: Origin, order: Pending, reason: str) -> AnyMessage:
        """Ask for the end of an order of this desk; with one of a pair goes the other."""
        order.cancelling = True
        if self.other is not None and order is not self.working:
            self.other.cancelling = True
        return cancel_intent(origin, order, reason)


def order_views(desk: Desk) -> tuple[OrderView | None, OrderView | None]:
    """Return what rests as its strategy sees it, what is being cancelled last; None where there is none."""
    orders = [each for each in (desk.pending, desk.other, desk.working) if each is not None and each.rests]
    if len(orders) > 1:
        orders.sort(key=_rank)
    views = [order.view() for order in orders[:2]]
    return (views[0] if views else None, views[1] if len(views) > 1 else None)


def _rank(order: Pending) -> tuple[bool, int]:
    return (order.cancelling, order.leg)


def _named(desk: Desk, leg: int | None) -> Pending | None:
    """Return the order that rests, or the one of a pair that is named; raises AnswerError where a pair needs a name."""
    if desk.other is None or desk.other.cancelling:
        order = desk.resting
        return None if order is None or leg not in (None, order.leg) else order
    if leg is None:
        raise AnswerError("leg: expected 1 or 2, for a pair rests, found nothing")
    return desk.other if desk.other.leg == leg else desk.pending


def _end_pair(desk: Desk) -> None:
    """Note that execution cancels what is left of a pair; nothing new begins before that is over."""
    assert desk.other is not None, "expected a pair"
    desk.other.cancelling = True
    if desk.pending is None:
        desk.pending, desk.other = desk.other, None
