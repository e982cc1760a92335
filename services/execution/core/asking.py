"""What can be asked of a venue beyond the process, and what it may answer. A venue file turns both into bytes and back.

How it works: a venue file (`venues/<venue>.py`) offers `NAME`, `LIMITS`, `encode`, `decode` and `pushed`, as plain
functions without state. The router decides what is asked and when; an adapter carries the bytes.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import msgspec

from common.messages import VenueRejectReason
from services.execution.core.venue import VenueFilled, VenueOrder


class Submit(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Take an order. The venue must not take it after `valid_until_ns`, UTC; 0 before it is sent."""

    order: VenueOrder
    valid_until_ns: int = 0


class Cancel(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Let go of an order, named by our id."""

    order_id: str
    symbol: str


class Amend(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Give a resting order another quantity (in all) and prices; not after `valid_until_ns`, UTC, 0 before it is sent."""

    order: VenueOrder
    valid_until_ns: int = 0


class AskOrder(msgspec.Struct, frozen=True, gc=False, tag=True):
    """How does an order stand, named by our id?"""

    order_id: str
    symbol: str


class AskOpenOrders(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Which orders rest?"""


class AskFills(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Which fills have a number above this one?"""

    since: int


class AskPositions(msgspec.Struct, frozen=True, gc=False, tag=True):
    """How much of each symbol is held?"""


Ask = Submit | Cancel | Amend | AskOrder | AskOpenOrders | AskFills | AskPositions
"""All that can be asked."""


class OrderStanding(StrEnum):
    """How an order stands at its venue."""

    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class OrderView(msgspec.Struct, frozen=True, gc=False):
    """An order as its venue tells of it. quantity: in all; filled: cumulative; base units both. Prices where it has them."""

    order_id: str
    symbol: str
    standing: OrderStanding
    quantity: Decimal
    filled: Decimal
    reason: VenueRejectReason | None = None
    detail: str = ""
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The venue says no, and did nothing."""

    reason: VenueRejectReason
    detail: str


class Absent(msgspec.Struct, frozen=True, gc=False):
    """The venue knows no such order. That it never will, nobody has said."""


class Limited(msgspec.Struct, frozen=True, gc=False):
    """Too many requests; nothing was done. The venue wants to be left alone for so long."""

    retry_after_ns: int


class Unclear(msgspec.Struct, frozen=True, gc=False):
    """It may have been done, or not: a server's error, or an answer that nobody can read."""

    detail: str


class OpenOrders(msgspec.Struct, frozen=True, gc=False):
    """All orders that rest."""

    orders: tuple[OrderView, ...]


class Fills(msgspec.Struct, frozen=True, gc=False):
    """Fills by rising number; not complete where the venue has more than it tells at once."""

    fills: tuple[VenueFilled, ...]
    is_complete: bool = True


class Positions(msgspec.Struct, frozen=True, gc=False):
    """What is held of each symbol, base units."""

    held: Mapping[str, Decimal]


Answer = OrderView | Refused | Absent | Limited | Unclear | OpenOrders | Fills | Positions
"""All that can be answered."""


class Limits(msgspec.Struct, frozen=True):
    """What a venue publishes of its limits. windows: (weight, nanoseconds), all of which hold at once.

    weights: the weight of each question, by the name of its type; 1 for those that are not named.
    """

    windows: tuple[tuple[int, int], ...] = ()
    weights: Mapping[str, int] = {}


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A request as bytes. method: the venue's name of it, such as `submit` or `POST /api/v3/order`."""

    method: str
    body: bytes


class VenueFile(Protocol):
    """What every file of a venue beyond the process offers."""

    NAME: str
    LIMITS: Limits

    def encode(self, ask: Ask) -> Frame:
        """Return the request."""
        ...

    def decode(self, ask: Ask, status: int, body: bytes) -> Answer:
        """Return what the reply to a question says; status as in HTTP."""
        ...

    def pushed(self, body: bytes) -> Sequence[OrderView | VenueFilled]:
        """Return what the venue tells unasked; empty for what nobody can read."""
        ...
