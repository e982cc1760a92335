"""The simulated venue that looks closer: it fills against trades, or against the book, as a fill model says.

How it works: the venue keeps what it was shown, the orders that wait and what came of them; `fills/<model>.py` says what
an order trades when it arrives and by each quote and trade after that. Nothing is ever filled by what was shown before
an order arrived, except what still stands in the market. Takers pay slippage on top.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, override

import msgspec

from common.config.models import ExecutionSection
from common.instruments import Instruments
from common.messages import InputGap, VenueRejectReason
from common.money import decimal_of, use_money_context
from common.order_terms import CONDITIONAL
from services.execution.core.accounts import first_expiry_ns, holdings, summary
from services.execution.core.checks import rejection
from services.execution.core.conditions import Armed, changed
from services.execution.core.fills.booking import Booking, Market, State
from services.execution.core.fills.shown import FillModel
from services.execution.core.observing import Observing, Shows
from services.execution.core.till import Till
from services.execution.core.venue import (
    ExecutionVenue,
    VenueAccepted,
    VenueAmended,
    VenueAmendRejected,
    VenueCancelled,
    VenueCancelRejected,
    VenueFilled,
    VenueOrder,
    VenueRejected,
    VenueReport,
)

NAME: Final = "simulated"
type Seen = Shows | InputGap


_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(State)


class ObservedVenue(ExecutionVenue):
    """A venue inside the process, of one fill model."""

    def __init__(self, section: ExecutionSection, instruments: Instruments, model: FillModel) -> None:
        self._instruments = instruments
        self._model = model
        self._till = Till(section)
        self._booking = Booking(self._till, instruments)
        self._take_over(State())

    def _take_over(self, state: State) -> None:
        self._state = state
        self._observing = Observing(state, self._booking, self._model, self._instruments)

    @property
    @override
    def name(self) -> str:
        return NAME

    @override
    def submit(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        use_money_context()
        if self._till.window_days:
            self._till.roll(self._state, now_ns)
        market = self._state.markets.get(order.symbol)
        if market is not None and market.find(order.id) is not None:
            return (VenueRejected(order.id, VenueRejectReason.DUPLICATE_ORDER, f"{order.id} rests already"),)
        rejected = self._refusal(order, market) or self._observing.refusal(
            order, self._state.markets[order.symbol], now_ns
        )
        if rejected is not None:
            return (rejected,)
        market, observing = self._state.markets[order.symbol], self._observing
        if order.order_type in CONDITIONAL:
            reports: list[VenueReport] = [VenueAccepted(order.id, is_armed=True)]
            observing.arm(order, market, now_ns, reports)
            return reports
        reports = [VenueAccepted(order.id)]
        observing.note_expiry(order)
        observing.enter(order, market, now_ns, reports)
        return reports

    def _refusal(self, order: VenueOrder, market: Market | None) -> VenueRejected | None:
        touched = None
        if market is not None and market.shown.is_trading:
            touched = self._model.touched(market.shown, order.side)
        if touched is None:
            return VenueRejected(order.id, VenueRejectReason.NO_MARKET, f"{order.symbol} has no live market")
        return rejection(order, decimal_of(touched), self._instruments[order.symbol])

    @override
    def cancel(self, order_id: str, symbol: str, now_ns: int) -> Sequence[VenueReport]:
        market = self._state.markets.get(symbol)
        order = None if market is None else market.take_off(order_id)
        if order is None:
            return (VenueCancelRejected(order_id),)
        self._state.expiring.pop(order_id, None)
        return (VenueCancelled(order_id, order.quantity),)

    @override
    def amend(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        """Change the waiting order. One that only becomes smaller keeps its place; any other takes if it reaches the market."""
        use_money_context()
        if self._till.window_days:
            self._till.roll(self._state, now_ns)
        market = self._state.markets.get(order.symbol)
        found = None if market is None else market.find(order.id)
        if market is None or found is None:
            detail = f"{order.id} does not rest here"
            return (VenueAmendRejected(order.id, VenueRejectReason.UNKNOWN_ORDER, detail),)
        before, after = found.order, changed(found.order, order)
        rejected = self._refusal(after, market)
        if rejected is not None:
            return (VenueAmendRejected(order.id, rejected.reason, rejected.detail),)
        reports: list[VenueReport] = [VenueAmended(after)]
        if isinstance(found, Armed):
            trigger = None if after.terms is None else after.terms.trigger_price
            market.armed[after.id] = Armed(after, found.level if trigger is None else trigger)
            self._observing.look(after.id, market, now_ns, reports)
        elif after.limit_price == before.limit_price and after.quantity <= before.quantity:
            found.order = after
        elif after.terms is not None and after.terms.post_only and self._observing.would_take(after, market):
            return (VenueAmendRejected(order.id, VenueRejectReason.WOULD_TAKE, "post_only: it would take now"),)
        else:
            del market.waiting[after.id]
            self._observing.enter(after, market, now_ns, reports)
        return reports

    @override
    def next_expiry_ns(self) -> int | None:
        return first_expiry_ns(self._state.expiring)

    @override
    def expire(self, now_ns: int) -> Sequence[VenueReport]:
        return self._observing.expire(now_ns)

    @override
    def open_orders(self) -> Sequence[VenueOrder]:
        return [order for market in self._state.markets.values() for order in market.standing()]

    @override
    def positions(self) -> Mapping[str, Decimal]:
        return holdings(self._state.markets)

    @override
    def fills_since(self, number: int) -> Sequence[VenueFilled]:
        return [fill for fill in self._state.fills.values() if fill.number > number]

    @override
    def observe(self, message: Seen, now_ns: int) -> Sequence[VenueReport]:
        if isinstance(message, InputGap):
            lost = self._state.markets.get(message.topic.partition(".")[2])
            if lost is not None:
                lost.shown.forget()
            return ()
        market = self._state.markets.get(message.symbol)
        if market is None:
            market = self._state.markets[message.symbol] = Market()
        market.shown.see(message)
        if not (market.waiting or market.armed) or not market.shown.is_trading:
            return ()
        use_money_context()
        if self._till.window_days:
            self._till.roll(self._state, now_ns)
        return self._observing.match(message, market, now_ns)

    @override
    def snapshot(self) -> bytes:
        return _encoder.encode(self._state)

    @override
    def restore(self, state: bytes) -> None:
        self._take_over(_decoder.decode(state))

    @override
    def status(self) -> dict[str, Any]:
        return {
            **summary(self._state.markets, self._instruments),
            "resting": len(self.open_orders()),
        }
