"""What execution knows of a venue: the orders it takes, the reports it gives, and the questions it answers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from common.messages import (
    CancelReason,
    InputGap,
    Liquidity,
    MarketStatus,
    OrderTerms,
    OrderType,
    Quote,
    Side,
    TimeInForce,
    VenueRejectReason,
)
from common.order_terms import NO_TERMS


class VenueOrder(msgspec.Struct, frozen=True, gc=False):
    """An order as a venue sees it. quantity: what is still to fill, base units; limit_price: quote units.

    is_reduction: it closes a position, so no minimum value is asked of it. terms: what market and limit do not say.
    """

    id: str
    symbol: str
    side: Side
    quantity: Decimal
    order_type: OrderType
    time_in_force: TimeInForce
    limit_price: Decimal | None = None
    is_reduction: bool = False
    terms: OrderTerms | None = None

    def with_quantity(self, quantity: Decimal) -> "VenueOrder":
        """Return the same order with another quantity left."""
        return msgspec.structs.replace(self, quantity=quantity)


def without_group(order: VenueOrder) -> VenueOrder:
    """Return an order for a venue that links no orders: execution itself cancels the others of its group."""
    terms = order.terms
    if terms is None or not terms.oco:
        return order
    terms = msgspec.structs.replace(terms, oco="", legs=0)
    return msgspec.structs.replace(order, terms=None if terms == NO_TERMS else terms)


class VenueAccepted(msgspec.Struct, frozen=True, gc=False):
    """The venue has the order. is_armed: it waits for its trigger."""

    order_id: str
    is_armed: bool = False


class VenueTriggered(msgspec.Struct, frozen=True, gc=False):
    """The order's trigger was reached."""

    order_id: str


class VenueRejected(msgspec.Struct, frozen=True, gc=False):
    """The venue does not take the order."""

    order_id: str
    reason: VenueRejectReason
    detail: str


class VenueFilled(msgspec.Struct, frozen=True, gc=False):
    """The venue traded `quantity` at `price`. number: the venue's own, rising by one with each fill of the account."""

    order_id: str
    number: int
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    liquidity: Liquidity


class VenueCancelled(msgspec.Struct, frozen=True, gc=False):
    """The venue has let go of an order with `remaining` base units unfilled. reason: where nobody asked for it."""

    order_id: str
    remaining: Decimal
    reason: CancelReason | None = None


class VenueCancelRejected(msgspec.Struct, frozen=True, gc=False):
    """The venue does not cancel: it has no such open order."""

    order_id: str


class VenueAmended(msgspec.Struct, frozen=True, gc=False):
    """A resting order stands as it does here: somebody asked for it, or (`reason`) the venue made it smaller."""

    order: VenueOrder
    reason: CancelReason | None = None


class VenueAmendRejected(msgspec.Struct, frozen=True, gc=False):
    """The venue does not change the order; it stands as it did."""

    order_id: str
    reason: VenueRejectReason
    detail: str


VenueReport = (
    VenueAccepted
    | VenueTriggered
    | VenueRejected
    | VenueFilled
    | VenueCancelled
    | VenueCancelRejected
    | VenueAmended
    | VenueAmendRejected
)
"""All that a venue can report of an order."""


class ExecutionVenue(Protocol):
    """A place to trade. Its methods return what it reports at once; what it reports later comes with `observe`."""

    @property
    def name(self) -> str:
        """The venue's name in messages."""
        ...

    def submit(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        """Send an order."""
        ...

    def cancel(self, order_id: str, symbol: str, now_ns: int) -> Sequence[VenueReport]:
        """Ask for an order to be taken back."""
        ...

    def amend(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        """Give the resting order with this id the quantity (what is still to fill), limit and trigger price of this one."""
        ...

    def next_expiry_ns(self) -> int | None:
        """Return when `expire` has something to do next; None where nothing ends by time, or the venue sees to it."""
        return None

    def expire(self, now_ns: int) -> Sequence[VenueReport]:
        """End the orders whose time has come."""
        return ()

    def open_orders(self) -> Sequence[VenueOrder]:
        """Return the resting orders with what is left of them, oldest first."""
        ...

    def positions(self) -> Mapping[str, Decimal]:
        """Return the net holding per symbol, base units, negative when short; a symbol never traded is not there."""
        ...

    def fills_since(self, number: int) -> Sequence[VenueFilled]:
        """Return the fills with a number above `number` that the venue still keeps, in order."""
        ...

    def observe(self, message: Quote | MarketStatus | InputGap, now_ns: int) -> Sequence[VenueReport]:
        """Let the venue see the market, or hear that some of it was lost."""
        ...

    def snapshot(self) -> bytes:
        """Return the venue's whole state as canonical bytes."""
        ...

    def restore(self, state: bytes) -> None:
        """Take over a state that `snapshot` returned."""
        ...

    def status(self) -> dict[str, Any]:
        """Return a summary for people: only str, int, float, bool, None, list and dict."""
        ...
