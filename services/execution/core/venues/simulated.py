"""The simulated venue: fills orders against the quotes it sees, with slippage and fee.

How it works: a market order, and a limit order that reaches the market, takes at once: at the touch, worsened by
`slippage_bps` and rounded against us to the tick, never worse than the limit. It fills whole: sizes at the touch are
not looked at. Any other limit order rests (GTC, GTD) or is cancelled (IOC, FOK). A resting order fills at its limit price
as maker when the opposite touch reaches it: a seller who offers at our bid would have met it first. Orders with a trigger
wait for the touch to reach it, and are looked at before those that rest. A symbol whose market is not live, or has shown
no quote yet, takes no orders and fills none.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, override

import msgspec

from common.config.models import ExecutionSection
from common.instruments import Instruments
from common.messages import (
    InputGap,
    MarketState,
    MarketStatus,
    Quote,
    VenueRejectReason,
)
from common.money import use_money_context
from services.execution.core.accounts import first_expiry_ns, holdings, summary
from services.execution.core.checks import rejection
from services.execution.core.conditions import Armed, changed
from services.execution.core.pricing import reaches, touch
from services.execution.core.till import Till
from services.execution.core.touching import Touching, TouchMarket, TouchState
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

NAME = "simulated"

_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(TouchState)


class SimulatedVenue(ExecutionVenue):
    """A venue inside the process. It keeps holdings of its own, so that others can be held against them."""

    def __init__(self, section: ExecutionSection, instruments: Instruments) -> None:
        self._instruments = instruments
        self._till = Till(section)
        self._take_over(TouchState())

    def _take_over(self, state: TouchState) -> None:
        self._state = state
        self._touching = Touching(state, self._till, self._instruments)

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
        if market is not None and (market.resting or market.armed) and market.find(order.id) is not None:
            return (VenueRejected(order.id, VenueRejectReason.DUPLICATE_ORDER, f"{order.id} rests already"),)
        if market is None or market.quote is None or not market.is_trading:
            return (VenueRejected(order.id, VenueRejectReason.NO_MARKET, f"{order.symbol} has no live market"),)
        touched = touch(market.quote, order.side)
        instrument = self._instruments[order.symbol]
        rejected = rejection(order, touched, instrument)
        if rejected is not None:
            return (rejected,)
        if order.terms is not None:
            return self._touching.submit(order, market, now_ns)
        if order.limit_price is None or reaches(order.limit_price, touched, order.side):
            return (VenueAccepted(order.id), self._till.take(self._state, market, order, touched, instrument))
        return self._touching.submit_resting(order, market)

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
        """Change the resting order. One that only becomes smaller keeps its place; any other takes if it reaches the market."""
        use_money_context()
        if self._till.window_days:
            self._till.roll(self._state, now_ns)
        market = self._state.markets.get(order.symbol)
        before = None if market is None else market.find(order.id)
        if market is None or before is None:
            detail = f"{order.id} does not rest here"
            return (VenueAmendRejected(order.id, VenueRejectReason.UNKNOWN_ORDER, detail),)
        if market.quote is None or not market.is_trading:
            return (VenueAmendRejected(order.id, VenueRejectReason.NO_MARKET, f"{order.symbol} has no live market"),)
        after, armed = changed(before, order), market.armed.get(order.id)
        rejected = rejection(after, touch(market.quote, after.side), self._instruments[after.symbol])
        if rejected is not None:
            return (VenueAmendRejected(order.id, rejected.reason, rejected.detail),)
        reports: list[VenueReport] = [VenueAmended(after)]
        if armed is not None:
            trigger = None if after.terms is None else after.terms.trigger_price
            market.armed[after.id] = Armed(after, armed.level if trigger is None else trigger)
            self._touching.look(after.id, market, reports)
        elif after.limit_price == before.limit_price and after.quantity <= before.quantity:
            market.resting[after.id] = after
        elif after.terms is not None and after.terms.post_only and market.would_take(after):
            return (VenueAmendRejected(order.id, VenueRejectReason.WOULD_TAKE, "post_only: it would take now"),)
        else:
            del market.resting[after.id]
            self._touching.enter(after, market, reports)
        return reports

    @override
    def next_expiry_ns(self) -> int | None:
        return first_expiry_ns(self._state.expiring)

    @override
    def expire(self, now_ns: int) -> Sequence[VenueReport]:
        return self._touching.expire(now_ns)

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
    def observe(self, message: Quote | MarketStatus | InputGap, now_ns: int) -> Sequence[VenueReport]:
        if isinstance(message, InputGap):
            lost = self._state.markets.get(message.topic.partition(".")[2])
            if lost is not None:
                lost.quote = None
            return ()
        market = self._state.markets.get(message.symbol)
        if market is None:
            market = self._state.markets[message.symbol] = TouchMarket()
        if isinstance(message, Quote):
            market.quote = message
        else:
            market.is_trading = message.state is MarketState.LIVE
            market.quote = market.quote if market.is_trading else None
        if not (market.resting or market.armed) or market.quote is None or not market.is_trading:
            return ()
        use_money_context()
        if self._till.window_days:
            self._till.roll(self._state, now_ns)
        return self._touching.match(market)

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
