"""The orders of the simulated venue that looks closer: what a fill model gives them as they arrive, and later."""

from typing import Final

from common.instruments import Instruments
from common.messages import (
    BookSnapshot,
    BookUpdate,
    CancelReason,
    MarketStatus,
    QueueMoved,
    Quote,
    TimeInForce,
    Trade,
    TriggerBy,
    VenueRejectReason,
)
from common.money import ZERO, decimal_of
from common.order_terms import CONDITIONAL
from services.execution.core.accounts import expired
from services.execution.core.conditions import HALF, arm, group_of, is_triggered, triggered
from services.execution.core.fills.booking import Booking, Market, State
from services.execution.core.fills.shown import FillModel, Waiting
from services.execution.core.pricing import reaches
from services.execution.core.venue import (
    VenueCancelled,
    VenueFilled,
    VenueOrder,
    VenueRejected,
    VenueReport,
    VenueTriggered,
)

_AT_ONCE: Final = (TimeInForce.IOC, TimeInForce.FOK)
MAX_WAITING: Final = 1_000
"""Orders that may wait in one symbol."""
type Shows = Quote | Trade | BookSnapshot | BookUpdate | QueueMoved | MarketStatus
type Reports = list[VenueReport]


class Observing:
    """What happens to the open orders of a state; reports go into the list that is handed in."""

    __slots__ = ("_booking", "_instruments", "_model", "_state")

    def __init__(self, state: State, booking: Booking, model: FillModel, instruments: Instruments) -> None:
        self._state, self._booking, self._model, self._instruments = state, booking, model, instruments

    def price_of(self, order: VenueOrder, market: Market) -> float | None:
        """Return the price that triggers an order now; None where nothing is shown."""
        shown, by = market.shown, TriggerBy.DEFAULT if order.terms is None else order.terms.trigger_by
        if by is TriggerBy.LAST:
            return shown.trade_price or None
        touched = self._model.touched(shown, order.side)
        if by is TriggerBy.DEFAULT:
            return touched
        if by is TriggerBy.MID:
            other = self._model.touched(shown, order.side.opposite)
            return None if touched is None or other is None else (touched + other) * float(HALF)
        return touched if shown.quote is not None or shown.book_id else None

    def would_take(self, order: VenueOrder, market: Market) -> bool:
        """Return whether an order could trade at once."""
        touched = self._model.touched(market.shown, order.side)
        return touched is not None and (
            order.limit_price is None or reaches(order.limit_price, decimal_of(touched), order.side)
        )

    def refusal(self, order: VenueOrder, market: Market, now_ns: int) -> VenueRejected | None:
        """Return why a new order, sound in itself, is not taken now."""
        terms = order.terms
        if len(market.waiting) + len(market.armed) >= MAX_WAITING:
            detail = f"{MAX_WAITING} orders rest in {order.symbol}"
            return VenueRejected(order.id, VenueRejectReason.TOO_MANY_ORDERS, detail)
        if terms is not None and 0 < terms.expires_ns <= now_ns:
            return VenueRejected(order.id, VenueRejectReason.EXPIRED, f"it was to end at {terms.expires_ns}")
        if order.order_type in CONDITIONAL:
            if self.price_of(order, market) is None:
                detail = "nothing is shown that could trigger it"
                return VenueRejected(order.id, VenueRejectReason.NO_MARKET, detail)
        elif terms is not None and terms.post_only and self.would_take(order, market):
            return VenueRejected(order.id, VenueRejectReason.WOULD_TAKE, "post_only: it would take now")
        return None

    def arm(self, order: VenueOrder, market: Market, now_ns: int, reports: Reports) -> None:
        """Let an order wait for its trigger; it may be there already."""
        price = self.price_of(order, market)
        assert price is not None, f"{order.id}: expected a market"
        self.note_expiry(order)
        market.armed[order.id] = arm(order, decimal_of(price), self._instruments[order.symbol].tick_size)
        self.look(order.id, market, now_ns, reports)

    def note_expiry(self, order: VenueOrder) -> None:
        """Remember when an order ends."""
        if order.terms is not None and order.terms.expires_ns:
            self._state.expiring[order.id] = (order.terms.expires_ns, order.symbol)

    def look(self, order_id: str, market: Market, now_ns: int, reports: Reports) -> None:
        """Trigger an order that waits for it, if the market is there; what is triggered meets the market at once."""
        armed = market.armed.get(order_id)
        price = None if armed is None else self.price_of(armed.order, market)
        if armed is None or price is None:
            return
        order = armed.order
        if is_triggered(armed, decimal_of(price), self._instruments[order.symbol].tick_size):
            del market.armed[order_id]
            reports.append(VenueTriggered(order_id))
            self.enter(triggered(order), market, now_ns, reports)

    def enter(self, order: VenueOrder, market: Market, now_ns: int, reports: Reports) -> None:
        """Let an order that the venue has meet the market: it takes, waits or is cancelled."""
        shown, instrument = market.shown, self._instruments[order.symbol]
        touched = self._model.touched(shown, order.side)
        if order.terms is not None and order.terms.post_only and self.would_take(order, market):
            self.let_go(order, CancelReason.WOULD_TAKE, reports)
            return
        taken = dict(shown.taken) if order.time_in_force is TimeInForce.FOK else None
        parts = self._model.take(shown, order, instrument)
        if taken is not None and parts and sum(part.quantity for part in parts) < order.quantity:
            shown.taken, parts = taken, []
            self.let_go(order, CancelReason.UNFILLED, reports)
            return
        first = len(reports)
        left = self._booking.book(self._state, order, parts, decimal_of(touched or 0.0), reports)
        self._take_off_group(order, market, reports, first)
        if left is None:
            self._state.expiring.pop(order.id, None)
            return
        waiting = self._model.join(shown, left)
        if waiting is None or (left.time_in_force in _AT_ONCE and not waiting.takes):
            self.let_go(left, CancelReason.UNFILLED, reports)
            return
        waiting.since_ns = now_ns
        market.waiting[left.id] = waiting

    def let_go(self, order: VenueOrder, reason: CancelReason, reports: Reports) -> None:
        """Tell that an order, taken off, has ended."""
        self._state.expiring.pop(order.id, None)
        reports.append(VenueCancelled(order.id, order.quantity, reason))

    def match(self, message: Shows, market: Market, now_ns: int) -> Reports:
        """Return what the market's next message does to the open orders: triggers first, then those that wait."""
        reports: Reports = []
        for order_id in list(market.armed):
            self.look(order_id, market, now_ns, reports)
        for order_id in list(market.waiting):
            waiting = market.waiting.get(order_id)
            if waiting is None:
                continue  # another of its group has filled
            if isinstance(message, BookSnapshot | BookUpdate | QueueMoved):
                self._model.on_book(market.shown, waiting, message)
            elif not isinstance(message, MarketStatus) and waiting.since_ns < now_ns:
                self._advance(message, waiting, market, reports)
        return reports

    def _advance(self, message: Quote | Trade, waiting: Waiting, market: Market, reports: Reports) -> None:
        instrument, shown, order = self._instruments[message.symbol], market.shown, waiting.order
        was_taking, first = waiting.takes, len(reports)
        if isinstance(message, Trade):
            parts = self._model.on_trade(shown, waiting, message, instrument)
        else:
            parts = self._model.on_quote(shown, waiting, instrument)
        left = self._booking.book(self._state, order, parts, parts[0].price if parts else ZERO, reports)
        if left is None:
            del market.waiting[order.id]
            self._state.expiring.pop(order.id, None)
        elif was_taking and not waiting.takes and left.time_in_force in _AT_ONCE:
            del market.waiting[order.id]
            self.let_go(left, CancelReason.UNFILLED, reports)
        else:
            waiting.order = left
        self._take_off_group(order, market, reports, first)

    def _take_off_group(self, order: VenueOrder, market: Market, reports: Reports, first: int) -> None:
        """Take off the others of the group of an order that has filled, if only a part, by the reports from `first` on."""
        group = group_of(order)
        if not group or not any(isinstance(report, VenueFilled) for report in reports[first:]):
            return
        for other in market.standing():
            if other.id != order.id and group_of(other) == group:
                market.take_off(other.id)
                self.let_go(other, CancelReason.OCO, reports)

    def expire(self, now_ns: int) -> Reports:
        """End the orders whose time has come, the earliest first."""
        reports = list[VenueReport]()
        for order_id, symbol in expired(self._state.expiring, now_ns):
            order = self._state.markets[symbol].take_off(order_id)
            assert order is not None, f"{order_id}: expected an order that rests until its time"
            self.let_go(order, CancelReason.EXPIRED, reports)
        return reports
