"""What a venue checks of an order before it takes it: that its terms go together, lots, ticks and the least value."""

from decimal import Decimal

from common.instruments import Instrument
from common.messages import OrderType, TimeInForce, VenueRejectReason
from common.money import ZERO, figure
from common.order_terms import fault_of
from services.execution.core.venue import VenueOrder, VenueRejected

_PLAIN = (OrderType.MARKET, OrderType.LIMIT)


def rejection(order: VenueOrder, touched: Decimal, instrument: Instrument) -> VenueRejected | None:
    """Return why the order is invalid, or None; a market order is worth its quantity at `touched`."""
    quantity, limit = order.quantity, order.limit_price
    if quantity <= ZERO or quantity % instrument.lot_size:
        detail = f"expected lots of {figure(instrument.lot_size)}, found {figure(quantity)}"
        return VenueRejected(order.id, VenueRejectReason.INVALID_QUANTITY, detail)
    if limit is None and order.order_type is OrderType.LIMIT:
        return VenueRejected(order.id, VenueRejectReason.INVALID_PRICE, "a limit order without a limit price")
    if order.terms is not None or order.order_type not in _PLAIN or order.time_in_force is TimeInForce.GTD:
        refused = _terms_rejection(order, instrument)
        if refused is not None:
            return refused
    price = touched if limit is None else limit
    if price < instrument.tick_size or (limit is not None and limit % instrument.tick_size):
        detail = f"expected a price on the tick {figure(instrument.tick_size)}, found {figure(price)}"
        return VenueRejected(order.id, VenueRejectReason.INVALID_PRICE, detail)
    if instrument.min_notional and not order.is_reduction and price * quantity < instrument.min_notional:
        detail = f"expected {figure(instrument.min_notional)} at least, found {figure(price * quantity)}"
        return VenueRejected(order.id, VenueRejectReason.INVALID_QUANTITY, detail)
    return None


def _terms_rejection(order: VenueOrder, instrument: Instrument) -> VenueRejected | None:
    fault = fault_of(order.order_type, order.time_in_force, order.limit_price, order.terms)
    if fault:
        return VenueRejected(order.id, VenueRejectReason.UNSUPPORTED, fault)
    trigger = None if order.terms is None else order.terms.trigger_price
    if trigger is not None and trigger % instrument.tick_size:
        detail = f"expected a trigger on the tick {figure(instrument.tick_size)}, found {figure(trigger)}"
        return VenueRejected(order.id, VenueRejectReason.INVALID_PRICE, detail)
    return None
