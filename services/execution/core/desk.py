"""What the parts of the execution core work on together: orders, holdings, counts, and the venue."""

from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from common.ids import Families
from common.messages import ApprovedOrder, Side
from common.money import ZERO
from services.execution.core.grouping import Groups
from services.execution.core.life_cycle import FINAL, NEXT, OrderEvent
from services.execution.core.orders import Order, OrderBook
from services.execution.core.venue import ExecutionVenue


class Counts(msgspec.Struct):
    """Totals since the beginning. impossible_events: what the life cycle's table does not know."""

    orders: int = 0
    accepted: int = 0
    rejected: int = 0
    cancelled: int = 0
    fills: int = 0
    repeated_orders: int = 0
    ignored_cancels: int = 0
    triggered: int = 0
    amended: int = 0
    amends_rejected: int = 0
    ignored_amends: int = 0
    expired: int = 0
    impossible_events: int = 0
    input_gaps: int = 0


class State(msgspec.Struct):
    """What execution itself remembers. holdings: per symbol and runner, as its fills sum up. killed: why, empty while armed.

    groups: unset until an order belongs to one.
    """

    book: OrderBook = msgspec.field(default_factory=OrderBook)
    seen: Families = msgspec.field(default_factory=Families)
    holdings: dict[str, dict[str, Decimal]] = {}
    counts: Counts = msgspec.field(default_factory=Counts)
    killed: str = ""
    groups: Groups | UnsetType = UNSET


def groups_in(state: State) -> Groups:
    """Return the groups of a state, which from now on has some."""
    if state.groups is UNSET:
        state.groups = Groups()
    return state.groups


class Snapshot(msgspec.Struct):
    """All that a snapshot keeps: execution's state, and the venue's own snapshot."""

    state: State
    venue: bytes


class Desk:
    """State and venue; moves orders along the table of their life."""

    __slots__ = ("name", "state", "venue")

    def __init__(self, state: State, venue: ExecutionVenue) -> None:
        self.state = state
        self.venue = venue
        self.name = venue.name

    def move(self, order_id: str, event: OrderEvent) -> Order | None:
        """Move an open order along the table; None, counted and nothing moved, where the table has no such step."""
        return self.advance(self.state.book.open.get(order_id), event)

    def advance(self, order: Order | None, event: OrderEvent) -> Order | None:
        """Move an order that was looked up, as `move` does."""
        after = None if order is None else NEXT[event].get(order.state)
        if order is None or after is None:
            self.state.counts.impossible_events += 1
            return None
        order.state = after
        if after in FINAL:
            book, order_id = self.state.book, order.approved.id
            del book.open[order_id]
            if book.reducing:
                book.reducing.pop(order_id, None)
            book.finished.put(order_id, after)
        return order

    def hold(self, order: ApprovedOrder, quantity: Decimal) -> None:
        """Add what an order filled to its runner's holding."""
        holdings = self.state.holdings
        runners = holdings.get(order.symbol)
        if runners is None:
            runners = holdings[order.symbol] = {}
        held = runners.get(order.runner, ZERO)
        runners[order.runner] = held + quantity if order.side is Side.BUY else held - quantity

    def reducible(self, order: ApprovedOrder) -> Decimal:
        """Return how much of an order only reduces. The venue cannot say: it knows the net of all runners only."""
        held = self.held_against(order)
        if held < order.quantity:  # `min` takes four times as long
            return held
        return order.quantity

    def held_against(self, order: ApprovedOrder) -> Decimal:
        """Return what an order's runner holds that the order could close; negative where it could only add."""
        runners = self.state.holdings.get(order.symbol)
        held = ZERO if runners is None else runners.get(order.runner, ZERO)
        return -held if order.side is Side.BUY else held
