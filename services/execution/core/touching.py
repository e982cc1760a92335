"""The orders of the simulated venue that fills by the touch: what meets the market, rests, waits for a trigger, or ends."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from common.instruments import Instruments
from common.messages import CancelReason, Liquidity, Quote, TimeInForce, TriggerBy, VenueRejectReason
from common.order_terms import CONDITIONAL
from services.execution.core.accounts import expired
from services.execution.core.conditions import Armed, arm, group_of, is_triggered, price_of, triggered
from services.execution.core.pricing import reaches, touch
from services.execution.core.till import Account, Till, Told
from services.execution.core.venue import (
    VenueAccepted,
    VenueCancelled,
    VenueOrder,
    VenueRejected,
    VenueReport,
    VenueTriggered,
)

MAX_OPEN_ORDERS: Final = 1_000
"""Orders that may rest in one symbol."""

type Reports = list[VenueReport]


class TouchMarket(Account):
    """What the venue sees of a symbol, and the orders that rest or wait for a trigger there, oldest first."""

    quote: Quote | None = None
    is_trading: bool = True
    resting: dict[str, VenueOrder] = msgspec.field(default_factory=dict)
    armed: dict[str, Armed] = msgspec.field(default_factory=dict)

    def standing(self) -> list[VenueOrder]:
        """Return all orders that are open here."""
        return [*self.resting.values(), *[armed.order for armed in self.armed.values()]]

    def find(self, order_id: str) -> VenueOrder | None:
        """Return an open order."""
        armed = self.armed.get(order_id)
        return self.resting.get(order_id) if armed is None else armed.order

    def take_off(self, order_id: str) -> VenueOrder | None:
        """Take an open order off; None if there is none."""
        armed = self.armed.pop(order_id, None)
        return self.resting.pop(order_id, None) if armed is None else armed.order

    def would_take(self, order: VenueOrder) -> bool:
        """Return whether an order could trade at once."""
        assert self.quote is not None, f"{order.id}: expected a market"
        return order.limit_price is None or reaches(order.limit_price, touch(self.quote, order.side), order.side)

    def full(self, order: VenueOrder) -> VenueRejected | None:
        """Return the rejection of one order more than may rest, None while there is room."""
        if len(self.resting) + len(self.armed) < MAX_OPEN_ORDERS:
            return None
        detail = f"{MAX_OPEN_ORDERS} orders rest in {order.symbol}"
        return VenueRejected(order.id, VenueRejectReason.TOO_MANY_ORDERS, detail)


class TouchState(Told):
    """All that a snapshot keeps. expiring: orders that end by time, with when and in which symbol."""

    markets: dict[str, TouchMarket] = msgspec.field(default_factory=dict)
    expiring: dict[str, tuple[int, str]] = msgspec.field(default_factory=dict)


class Touching:
    """What happens to the open orders of a state; reports go into the list that is handed in."""

    __slots__ = ("_instruments", "_state", "_till")

    def __init__(self, state: TouchState, till: Till, instruments: Instruments) -> None:
        self._state, self._till, self._instruments = state, till, instruments

    def submit_resting(self, order: VenueOrder, market: TouchMarket) -> Sequence[VenueReport]:
        """Take an order without terms that does not reach the market."""
        if order.time_in_force is not TimeInForce.GTC:
            return (VenueAccepted(order.id), VenueCancelled(order.id, order.quantity, CancelReason.UNFILLED))
        full = market.full(order)
        if full is not None:
            return (full,)
        market.resting[order.id] = order
        return (VenueAccepted(order.id),)

    def submit(self, order: VenueOrder, market: TouchMarket, now_ns: int) -> Sequence[VenueReport]:
        """Take an order with terms that go together, or say why not."""
        terms = order.terms
        assert terms is not None, f"{order.id}: expected terms"
        if 0 < terms.expires_ns <= now_ns:
            return (VenueRejected(order.id, VenueRejectReason.EXPIRED, f"it was to end at {terms.expires_ns}"),)
        if terms.trigger_by is TriggerBy.LAST:
            detail = "trigger_by: expected bid_ask or mid, found last; this venue sees no trades"
            return (VenueRejected(order.id, VenueRejectReason.UNSUPPORTED, detail),)
        full = market.full(order)
        if full is not None:
            return (full,)
        if order.order_type in CONDITIONAL:
            reports: Reports = [VenueAccepted(order.id, is_armed=True)]
            self._arm(order, market, reports)
            return reports
        if terms.post_only and market.would_take(order):
            return (VenueRejected(order.id, VenueRejectReason.WOULD_TAKE, "post_only: it would take now"),)
        reports = [VenueAccepted(order.id)]
        self._note_expiry(order)
        self.enter(order, market, reports)
        return reports

    def _arm(self, order: VenueOrder, market: TouchMarket, reports: Reports) -> None:
        """Let an order wait for its trigger; it may be there already."""
        assert market.quote is not None, f"{order.id}: expected a market"
        self._note_expiry(order)
        price = price_of(order, market.quote)
        market.armed[order.id] = arm(order, price, self._instruments[order.symbol].tick_size)
        self.look(order.id, market, reports)

    def _note_expiry(self, order: VenueOrder) -> None:
        """Remember when an order ends."""
        if order.terms is not None and order.terms.expires_ns:
            self._state.expiring[order.id] = (order.terms.expires_ns, order.symbol)

    def enter(self, order: VenueOrder, market: TouchMarket, reports: Reports) -> None:
        """Let an order that the venue has meet the market: it takes, rests or is cancelled."""
        if market.would_take(order):
            assert market.quote is not None, f"{order.id}: expected a market"
            if order.terms is not None and order.terms.post_only:
                self.let_go(order, CancelReason.WOULD_TAKE, reports)
                return
            instrument, touched = self._instruments[order.symbol], touch(market.quote, order.side)
            reports.append(self._till.take(self._state, market, order, touched, instrument))
            self._take_off_group(order, market, reports)
        elif order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            self.let_go(order, CancelReason.UNFILLED, reports)
        else:
            market.resting[order.id] = order

    def let_go(self, order: VenueOrder, reason: CancelReason, reports: Reports) -> None:
        """Tell that an order, taken off, has ended."""
        self._state.expiring.pop(order.id, None)
        reports.append(VenueCancelled(order.id, order.quantity, reason))

    def _take_off_group(self, order: VenueOrder, market: TouchMarket, reports: Reports) -> None:
        """Take off the others of the group of an order that has filled."""
        self._state.expiring.pop(order.id, None)
        group = group_of(order)
        if not group:
            return
        for other in market.standing():
            if group_of(other) == group:
                market.take_off(other.id)
                self.let_go(other, CancelReason.OCO, reports)

    def look(self, order_id: str, market: TouchMarket, reports: Reports) -> None:
        """Trigger an order that waits for it, if the market is there; what is triggered meets the market at once."""
        armed, quote = market.armed.get(order_id), market.quote
        if armed is None or quote is None:
            return  # another of its group has filled
        order = armed.order
        if is_triggered(armed, price_of(order, quote), self._instruments[order.symbol].tick_size):
            del market.armed[order_id]
            reports.append(VenueTriggered(order_id))
            self.enter(triggered(order), market, reports)

    def match(self, market: TouchMarket) -> Reports:
        """Return what a new quote does to the open orders: triggers first, then those that rest, oldest first."""
        reports: Reports = []
        assert market.quote is not None, "expected a market"
        for order_id in list(market.armed):
            self.look(order_id, market, reports)
        for order_id in list(market.resting):
            order = market.resting.get(order_id)
            if order is None:
                continue  # another of its group has filled
            limit = order.limit_price
            assert limit is not None, f"{order.id} rests without a price"
            if reaches(limit, touch(market.quote, order.side), order.side):
                del market.resting[order_id]
                part: tuple[Decimal, Decimal, Liquidity] = (order.quantity, limit, Liquidity.MAKER)
                reports.append(self._till.fill(self._state, market, order, part, self._instruments[order.symbol]))
                if order.terms is not None:
                    self._take_off_group(order, market, reports)
        return reports

    def expire(self, now_ns: int) -> Reports:
        """End the orders whose time has come, the earliest first."""
        reports = list[VenueReport]()
        for order_id, symbol in expired(self._state.expiring, now_ns):
            order = self._state.markets[symbol].take_off(order_id)
            assert order is not None, f"{order_id}: expected an order that rests until its time"
            self.let_go(order, CancelReason.EXPIRED, reports)
        return reports
