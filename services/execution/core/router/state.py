"""What the router remembers: orders at the venue, what is on its way, what waits, which fills are known."""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from common.messages import DifferenceAction, DifferenceKind
from common.money import ZERO
from common.recent import Recent
from services.execution.core.asking import Ask, OrderStanding
from services.execution.core.router.pacing import Pace
from services.execution.core.router.stages import Stage
from services.execution.core.venue import VenueOrder, VenueReport

ENDED_KEPT: Final = 10_000
"""Ended orders by whose id a late report is still recognised."""
FOREIGN_KEPT: Final = 1_000
"""Orders at the venue that nobody here sent, and that were told of."""


class Part(StrEnum):
    """What a reconciliation looks at."""

    ORDERS = "orders"
    FILLS = "fills"
    POSITIONS = "positions"


class Routed(msgspec.Struct):
    """An order and what is known of it. filled: what its known fills sum to; told: what the venue says that it filled.

    end: how the venue says that it ended. expires_ns: from when on the venue can no longer take it. misses: how often in a
    row the venue did not know it. changed_ns: when something was last learned of it. amending: as an amend on its way
    wants it, with the quantity in all; is_amend_lost: nobody has answered it, and after `amend_until_ns` nobody will do it.
    """

    order: VenueOrder
    stage: Stage = Stage.QUEUED
    filled: Decimal = ZERO
    told: Decimal = ZERO
    end: OrderStanding | None = None
    expires_ns: int = 0
    misses: int = 0
    changed_ns: int = 0
    wants_cancel: bool = False
    is_asked: bool = False
    looks: int = 0
    amending: VenueOrder | None = None
    amend_until_ns: int = 0
    is_amend_lost: bool = False

    @property
    def most(self) -> Decimal:
        """Return the most that the order may fill, whatever becomes of an amend."""
        quantity = self.order.quantity
        return quantity if self.amending is None else max(quantity, self.amending.quantity)


class Ended(msgspec.Struct, frozen=True):
    """An order that is over. filled: in all, base units."""

    filled: Decimal
    at_ns: int


class Errand(msgspec.Struct):
    """Something to ask when its time has come. number: of errands, by which those of one rank go in turn."""

    ask: Ask
    ready_ns: int
    number: int
    attempt: int = 0


class Flight(msgspec.Struct):
    """A request on its way. due_ns: when its answer counts as lost."""

    errand: Errand
    sent_ns: int
    due_ns: int


class Reconciling(msgspec.Struct):
    """A comparison with the venue. open: what is still to come of this one; next_ns: when the next begins.

    is_synced: one was whole since the venue appeared. baseline: what the venue held of each symbol beyond our fills when
    we first looked; None before. unequal: symbols that did not add up, and how often in a row they came out so.
    """

    open: list[Part] = []
    next_ns: int = 0
    is_synced: bool = False
    baseline: dict[str, Decimal] | None = None
    unequal: dict[str, tuple[str, int]] = {}
    rounds: int = 0


class Tally(msgspec.Struct):
    """Totals since the beginning."""

    requests: int = 0
    lost_answers: int = 0
    late_answers: int = 0
    unclear_answers: int = 0
    limited: int = 0
    not_sent: int = 0
    retries: int = 0
    queries: int = 0
    repeated_fills: int = 0
    healed_fills: int = 0
    late_fills: int = 0
    unknown_fills: int = 0
    unreadable: int = 0
    never_arrived: int = 0
    links: int = 0
    differences: int = 0


class Difference(msgspec.Struct, frozen=True):
    """What did not agree, and what was done about it."""

    kind: DifferenceKind
    action: DifferenceAction
    symbol: str
    order_id: str
    ours: str
    theirs: str


class RouterState(msgspec.Struct):
    """All that a snapshot keeps.

    orders: those whose end is not known. ended: those that are over. fills: numbers of known fills above
    `watermark`, and when they were learned; below it all are known. held: what all known fills sum to, by symbol.
    """

    pace: Pace
    orders: dict[str, Routed] = {}
    ended: Recent[Ended] = msgspec.field(default_factory=lambda: Recent(ENDED_KEPT))
    foreign: Recent[bool] = msgspec.field(default_factory=lambda: Recent(FOREIGN_KEPT))
    waiting: list[Errand] = []
    flights: dict[str, Flight] = {}
    fills: dict[int, int] = {}
    watermark: int = 0
    held: dict[str, Decimal] = {}
    traded_ns: int = 0
    asks_fills: bool = False
    is_up: bool = False
    halted: str = ""
    requests: int = 0
    errands: int = 0
    reconciling: Reconciling = msgspec.field(default_factory=Reconciling)
    tally: Tally = msgspec.field(default_factory=Tally)


class Out(msgspec.Struct):
    """What a step led to. reports: for execution's core; frames: for the wire; differences: for everybody."""

    reports: list[VenueReport] = []
    frames: list[tuple[str, str, bytes]] = []
    differences: list[Difference] = []
