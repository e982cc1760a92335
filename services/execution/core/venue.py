"""What execution knows of a venue: the orders it takes, the reports it gives, and the questions it answers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from common.messages import InputGap, Liquidity, MarketStatus, OrderType, Quote, Side, TimeInForce, VenueRejectReason


class VenueOrder(msgspec.Struct, frozen=True, gc=False):
    """An order as a venue sees it. quantity: what is still to fill, base units; limit_price: quote units.

    is_reduction: it closes a position, so no minimum value is asked of it.
    """

    id: str
    symbol: str
    side: Side
    quantity: Decimal
    order_type: OrderType
    time_in_force: TimeInForce
    limit_price: Decimal | None = None
    is_reduction: bool = False


class VenueAccepted(msgspec.Struct, frozen=True, gc=False):
    """The venue has the order."""

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
    """The venue has let go of an order with `remaining` base units unfilled."""

    order_id: str
    remaining: Decimal


class VenueCancelRejected(msgspec.Struct, frozen=True, gc=False):
    """The venue does not cancel: it has no such open order."""

    order_id: str


class VenueAmended(msgspec.Struct, frozen=True, gc=False):
    """The venue changed a resting order."""

    order: VenueOrder


VenueReport = VenueAccepted | VenueRejected | VenueFilled | VenueCancelled | VenueCancelRejected | VenueAmended
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
        """Give the resting order with this id another quantity and price."""
        ...

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
