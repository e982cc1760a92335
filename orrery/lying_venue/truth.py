"""What the lying venue really did, told to whoever tries the stack with it; the stack itself never asks."""

from decimal import Decimal
from typing import Final

import msgspec

from orrery.lying_venue.venue import LyingVenue

TRUTH: Final = b"truth"
BE_HONEST: Final = b"be honest"
"""What may be asked; the answer is the truth, and after the second the venue lies no more."""

type Traded = tuple[str, int, Decimal, Decimal, Decimal]
"""A fill: the order's id, its number at the venue, quantity, price, fee."""


class Truth(msgspec.Struct, kw_only=True):
    """orders: how many it took; open: of those, how many rest; repeated: ids of orders that arrived more than once.

    cash: what was paid for everything, negative, quote units. lies: how many it told, by kind.
    """

    orders: int
    open: int
    repeated: list[str]
    fills: list[Traded]
    positions: dict[str, Decimal]
    cash: Decimal
    lies: dict[str, int]


def truth_of(venue: LyingVenue) -> Truth:
    """Return what a venue did so far."""
    book = venue.book
    return Truth(
        orders=len(book.orders),
        open=len(book.open),
        repeated=[name for name, held in book.orders.items() if held.arrivals > 1],
        fills=[(fill.order_id, fill.number, fill.quantity, fill.price, fill.fee) for _, fill in book.fills],
        positions=dict(book.positions),
        cash=book.cash,
        lies={name: times for name, times in sorted(venue.counts.items()) if times},
    )
