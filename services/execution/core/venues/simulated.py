"""The simulated venue: fills orders against the quotes it sees, with slippage and fee.

How it works: a market order, and a limit order that reaches the market, takes at once: at the touch, worsened by
`slippage_bps` and rounded against us to the tick, never worse than the limit. It fills whole: sizes at the touch are
not looked at. Any other limit order rests (GTC) or is cancelled (IOC). A resting order fills at its limit price as
maker when the opposite touch reaches it: a seller who offers at our bid would have met it first. A symbol whose market
is not live, or has shown no quote yet, takes no orders and fills none.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, override

import msgspec

from common.config.models import ExecutionSection
from common.instruments import Instrument, Instruments
from common.messages import (
    InputGap,
    Liquidity,
    MarketState,
    MarketStatus,
    Quote,
    Side,
    TimeInForce,
    VenueRejectReason,
)
from common.money import BASIS_POINT, ZERO, begin_exact, end_exact, figure, use_money_context
from services.execution.core.checks import rejection
from services.execution.core.pricing import no_worse, reaches, taker_price, touch
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

NAME = "simulated"

MAX_OPEN_ORDERS = 1_000
"""Orders that may rest in one symbol."""

FILLS_KEPT = 4_096
"""Fills that `fills_since` can still tell of."""


class VenueMarket(msgspec.Struct):
    """What the venue sees of a symbol, the orders that rest there, oldest first, and what came of it.

    holding: base units. slippage and fees: paid so far, quote units.
    """

    quote: Quote | None = None
    is_trading: bool = True
    resting: dict[str, VenueOrder] = {}
    has_traded: bool = False
    holding: Decimal = ZERO
    slippage: Decimal = ZERO
    fees: Decimal = ZERO


class VenueState(msgspec.Struct):
    """All that a snapshot keeps."""

    markets: dict[str, VenueMarket] = {}
    fills: dict[int, VenueFilled] = {}
    fill_count: int = 0


_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(VenueState)


class SimulatedVenue(ExecutionVenue):
    """A venue inside the process. It keeps holdings of its own, so that others can be held against them."""

    def __init__(self, section: ExecutionSection, instruments: Instruments) -> None:
        self._instruments = instruments
        self._slippage = section.slippage_bps * BASIS_POINT
        self._taker_rate = section.taker_fee_bps * BASIS_POINT
        self._maker_rate = section.maker_fee_bps * BASIS_POINT
        self._state = VenueState()

    @property
    @override
    def name(self) -> str:
        return NAME

    @override
    def submit(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        use_money_context()
        market = self._state.markets.get(order.symbol)
        if market is not None and market.resting and order.id in market.resting:
            return (VenueRejected(order.id, VenueRejectReason.DUPLICATE_ORDER, f"{order.id} rests already"),)
        return self._place(order, market)

    def _place(self, order: VenueOrder, market: VenueMarket | None) -> Sequence[VenueReport]:
        if market is None or market.quote is None or not market.is_trading:
            return (VenueRejected(order.id, VenueRejectReason.NO_MARKET, f"{order.symbol} has no live market"),)
        touched = touch(market.quote, order.side)
        instrument = self._instruments[order.symbol]
        rejected = rejection(order, touched, instrument)
        if rejected is not None:
            return (rejected,)
        if order.limit_price is None or reaches(order.limit_price, touched, order.side):
            return (VenueAccepted(order.id), self._take(order, market, touched, instrument))
        if order.time_in_force is TimeInForce.IOC:
            return (VenueAccepted(order.id), VenueCancelled(order.id, order.quantity))
        if len(market.resting) >= MAX_OPEN_ORDERS:
            detail = f"{MAX_OPEN_ORDERS} orders rest in {order.symbol}"
            return (VenueRejected(order.id, VenueRejectReason.TOO_MANY_ORDERS, detail),)
        market.resting[order.id] = order
        return (VenueAccepted(order.id),)

    def _take(self, order: VenueOrder, market: VenueMarket, touched: Decimal, instrument: Instrument) -> VenueFilled:
        tick_size = instrument.tick_size
        price = taker_price(touched, order.side, self._slippage, tick_size)
        if order.limit_price is not None:
            price = max(no_worse(price, order.limit_price, order.side), tick_size)
        if price != touched:
            price = max(price, tick_size)  # slippage makes nothing free
            if price != touched:
                market.slippage += abs(price - touched) * order.quantity
        return self._fill(order, market, price, Liquidity.TAKER, instrument)

    def _fill(
        self, order: VenueOrder, market: VenueMarket, price: Decimal, liquidity: Liquidity, instrument: Instrument
    ) -> VenueFilled:
        quantity, side = order.quantity, order.side
        begin_exact()
        fee = price * quantity * (self._taker_rate if liquidity is Liquidity.TAKER else self._maker_rate)
        market.fees += fee
        if side is Side.BUY:
            market.holding += quantity
        else:
            market.holding -= quantity
        end_exact()
        market.has_traded = True
        state = self._state
        state.fill_count = number = state.fill_count + 1
        filled = VenueFilled(order.id, number, order.symbol, side, quantity, price, fee, instrument.quote, liquidity)
        state.fills[number] = filled
        if number > FILLS_KEPT:
            del state.fills[number - FILLS_KEPT]
        return filled

    @override
    def cancel(self, order_id: str, symbol: str, now_ns: int) -> Sequence[VenueReport]:
        market = self._state.markets.get(symbol)
        order = None if market is None else market.resting.pop(order_id, None)
        if order is None:
            return (VenueCancelRejected(order_id),)
        return (VenueCancelled(order_id, order.quantity),)

    @override
    def amend(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        """Replace the resting order; it loses its place in the queue, and takes if it reaches the market now."""
        use_money_context()
        market = self._state.markets.get(order.symbol)
        before = None if market is None else market.resting.pop(order.id, None)
        if market is None or before is None:
            return (VenueRejected(order.id, VenueRejectReason.UNKNOWN_ORDER, f"{order.id} does not rest here"),)
        accepted, *rest = self._place(order, market)
        if isinstance(accepted, VenueRejected):
            market.resting[order.id] = before
            return (accepted,)
        return (VenueAmended(order), *rest)

    @override
    def open_orders(self) -> Sequence[VenueOrder]:
        return [order for market in self._state.markets.values() for order in market.resting.values()]

    @override
    def positions(self) -> Mapping[str, Decimal]:
        return {symbol: market.holding for symbol, market in self._state.markets.items() if market.has_traded}

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
            market = self._state.markets[message.symbol] = VenueMarket()
        if isinstance(message, Quote):
            market.quote = message
        else:
            market.is_trading = message.state is MarketState.LIVE
            market.quote = market.quote if market.is_trading else None
        return self._match(market) if market.resting else ()

    def _match(self, market: VenueMarket) -> Sequence[VenueReport]:
        if market.quote is None or not market.is_trading:
            return ()
        use_money_context()
        reports: list[VenueReport] = []
        for order in list(market.resting.values()):
            limit = order.limit_price
            assert limit is not None, f"{order.id} rests without a price"
            if reaches(limit, touch(market.quote, order.side), order.side):
                del market.resting[order.id]
                instrument = self._instruments[order.symbol]
                reports.append(self._fill(order, market, limit, Liquidity.MAKER, instrument))
        return reports

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
            "resting": sum(len(market.resting) for market in self._state.markets.values()),
        }
