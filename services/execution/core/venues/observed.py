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
from common.messages import (
    BookSnapshot,
    BookUpdate,
    InputGap,
    MarketStatus,
    QueueMoved,
    Quote,
    TimeInForce,
    Trade,
    VenueRejectReason,
)
from common.money import ZERO, decimal_of, figure, use_money_context
from services.execution.core.checks import rejection
from services.execution.core.fills.booking import Booking, Market, State
from services.execution.core.fills.shown import FillModel, Waiting
from services.execution.core.venue import (
    ExecutionVenue,
    VenueAccepted,
    VenueAmended,
    VenueCancelled,
    VenueCancelRejected,
    VenueFilled,
    VenueOrder,
    VenueRejected,
    VenueReport,
)

NAME: Final = "simulated"
MAX_WAITING: Final = 1_000
"""Orders that may wait in one symbol."""
type Shows = Quote | Trade | BookSnapshot | BookUpdate | QueueMoved | MarketStatus
type Seen = Shows | InputGap


_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(State)


class ObservedVenue(ExecutionVenue):
    """A venue inside the process, of one fill model."""

    def __init__(self, section: ExecutionSection, instruments: Instruments, model: FillModel) -> None:
        self._instruments = instruments
        self._model = model
        self._booking = Booking(section, instruments)
        self._state = State()

    @property
    @override
    def name(self) -> str:
        return NAME

    @override
    def submit(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        use_money_context()
        market = self._state.markets.get(order.symbol)
        if market is not None and order.id in market.waiting:
            return (VenueRejected(order.id, VenueRejectReason.DUPLICATE_ORDER, f"{order.id} rests already"),)
        return self._place(order, market, now_ns)

    def _place(self, order: VenueOrder, market: Market | None, now_ns: int) -> Sequence[VenueReport]:
        touched = None
        if market is not None and market.shown.is_trading:
            touched = self._model.touched(market.shown, order.side)
        if market is None or touched is None:
            return (VenueRejected(order.id, VenueRejectReason.NO_MARKET, f"{order.symbol} has no live market"),)
        instrument = self._instruments[order.symbol]
        rejected = rejection(order, decimal_of(touched), instrument)
        if rejected is not None:
            return (rejected,)
        if len(market.waiting) >= MAX_WAITING:
            detail = f"{MAX_WAITING} orders rest in {order.symbol}"
            return (VenueRejected(order.id, VenueRejectReason.TOO_MANY_ORDERS, detail),)
        parts = self._model.take(market.shown, order, instrument)
        reports: list[VenueReport] = [VenueAccepted(order.id)]
        left = self._booking.book(self._state, order, parts, decimal_of(touched), reports)
        return reports if left is None else reports + self._join(left, market, now_ns)

    def _join(self, left: VenueOrder, market: Market, now_ns: int) -> list[VenueReport]:
        waiting = self._model.join(market.shown, left)
        is_patient = waiting is not None and (waiting.takes or left.time_in_force is TimeInForce.GTC)
        if waiting is None or not is_patient:
            return [VenueCancelled(left.id, left.quantity)]
        waiting.since_ns = now_ns
        market.waiting[left.id] = waiting
        return []

    @override
    def cancel(self, order_id: str, symbol: str, now_ns: int) -> Sequence[VenueReport]:
        market = self._state.markets.get(symbol)
        waiting = None if market is None else market.waiting.pop(order_id, None)
        if waiting is None:
            return (VenueCancelRejected(order_id),)
        return (VenueCancelled(order_id, waiting.order.quantity),)

    @override
    def amend(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        """Replace the waiting order; it loses its place in the queue, and takes if it reaches the market now."""
        use_money_context()
        market = self._state.markets.get(order.symbol)
        before = None if market is None else market.waiting.pop(order.id, None)
        if market is None or before is None:
            return (VenueRejected(order.id, VenueRejectReason.UNKNOWN_ORDER, f"{order.id} does not rest here"),)
        accepted, *rest = self._place(order, market, now_ns)
        if isinstance(accepted, VenueRejected):
            market.waiting[order.id] = before
            return (accepted,)
        return (VenueAmended(order), *rest)

    @override
    def open_orders(self) -> Sequence[VenueOrder]:
        return [waiting.order for market in self._state.markets.values() for waiting in market.waiting.values()]

    @override
    def positions(self) -> Mapping[str, Decimal]:
        return {symbol: market.holding for symbol, market in self._state.markets.items() if market.has_traded}

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
        return self._match(message, market, now_ns) if market.waiting and market.shown.is_trading else ()

    def _match(self, message: Shows, market: Market, now_ns: int) -> Sequence[VenueReport]:
        use_money_context()
        reports: list[VenueReport] = []
        for waiting in list(market.waiting.values()):
            if isinstance(message, BookSnapshot | BookUpdate | QueueMoved):
                self._model.on_book(market.shown, waiting, message)
            elif not isinstance(message, MarketStatus) and waiting.since_ns < now_ns:
                self._advance(message, waiting, market, reports)
        return reports

    def _advance(self, message: Quote | Trade, waiting: Waiting, market: Market, reports: list[VenueReport]) -> None:
        instrument, shown, order = self._instruments[message.symbol], market.shown, waiting.order
        was_taking = waiting.takes
        if isinstance(message, Trade):
            parts = self._model.on_trade(shown, waiting, message, instrument)
        else:
            parts = self._model.on_quote(shown, waiting, instrument)
        left = self._booking.book(self._state, order, parts, parts[0].price if parts else ZERO, reports)
        if left is None:
            del market.waiting[order.id]
        elif was_taking and not waiting.takes and left.time_in_force is TimeInForce.IOC:
            del market.waiting[order.id]
            reports.append(VenueCancelled(order.id, left.quantity))
        else:
            waiting.order = left

    @override
    def snapshot(self) -> bytes:
        return _encoder.encode(self._state)

    @override
    def restore(self, state: bytes) -> None:
        self._state = _decoder.decode(state)

    @override
    def status(self) -> dict[str, Any]:
        use_money_context()
        slippage: dict[str, Decimal] = {}
        fees: dict[str, Decimal] = {}
        for symbol, market in self._state.markets.items():
            currency = self._instruments[symbol].quote
            slippage[currency] = slippage.get(currency, ZERO) + market.slippage
            fees[currency] = fees.get(currency, ZERO) + market.fees
        return {
            "holdings": {symbol: figure(quantity) for symbol, quantity in self.positions().items()},
            "slippage_paid": {currency: figure(paid) for currency, paid in slippage.items()},
            "fees_paid": {currency: figure(paid) for currency, paid in fees.items()},
            "resting": sum(len(market.waiting) for market in self._state.markets.values()),
        }
