"""What the parts of the risk core work on together: the state, and what is derived from it."""

from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from common.ids import Families
from common.instruments import Instruments
from common.messages import ApprovedOrder, IntentKind, OrderIntent, OrderTerms, OrderType, Side
from common.money import begin_exact, end_exact, use_money_context
from services.risk_manager.core.account import Account
from services.risk_manager.core.breaker import Breaker
from services.risk_manager.core.costing import METHODS
from services.risk_manager.core.far import Far
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.losses import AccountLines, LossWatch, Watched
from services.risk_manager.core.markets import Market
from services.risk_manager.core.orders import Orders, WorkingOrder, grown, note_terms
from services.risk_manager.core.positions import Position
from services.risk_manager.core.reach import Reaches
from services.risk_manager.core.reconciliation import Reconciliation
from services.risk_manager.core.results import Results
from services.risk_manager.core.rough import Rough
from services.risk_manager.core.rules import BY_AMOUNTS, entry_rules
from services.risk_manager.core.trading import Trading
from services.risk_manager.core.usage import Usage
from services.risk_manager.core.valuation import Valuation
from services.risk_manager.core.window import Window


class Counts(msgspec.Struct):
    """Totals since the beginning."""

    approved: int = 0
    protective_exits: int = 0
    cancels: int = 0
    amends: int = 0
    ignored_amends: int = 0
    fills: int = 0
    refused: dict[str, int] = {}
    repeated_intents: int = 0
    repeated_fills: int = 0
    ignored_cancels: int = 0
    ignored_stop_updates: int = 0
    ignored_reports: int = 0
    ignored_commands: int = 0
    unknown_order_fills: int = 0
    input_gaps: int = 0


class LastEntry(msgspec.Struct):
    """The latest approved entry of a runner, for the duplicate window."""

    id: str
    side: Side
    quantity: Decimal | None
    order_type: OrderType
    limit_price: Decimal | None
    at_ns: int
    terms: OrderTerms | None = None

    def equals(self, intent: OrderIntent) -> bool:
        """Return whether an intent asks for the same."""
        return (
            self.side is intent.side
            and self.quantity == intent.quantity
            and self.order_type is intent.order_type
            and self.limit_price == intent.limit_price
            and self.terms == (None if intent.terms is UNSET else intent.terms)
        )


class FuseCounts(msgspec.Struct):
    """losing_streak: positions closed at a loss in a row. rejects: when the venue rejected the latest orders."""

    losing_streak: int = 0
    rejects: Window = msgspec.field(default_factory=Window)


class Waiting(msgspec.Struct, frozen=True):
    """The first of a pair. is_reused: an earlier order had its id."""

    intent: OrderIntent
    is_reused: bool = False


class State(msgspec.Struct):
    """All that a snapshot keeps. open_positions: runners that hold something or have an entry on its way.

    results: of runners whose closed trades are counted. parameters: what is in force, and file_parameters: what the
    configuration's file said last (`parameters.py`); empty in states from before they were kept. waiting: the first
    of each pair whose second is still to come, by runner; unset until there is a pair.
    """

    markets: dict[str, Market] = {}
    orders: Orders = msgspec.field(default_factory=Orders)
    account: Account = msgspec.field(default_factory=Account)
    breaker: Breaker = msgspec.field(default_factory=Breaker)
    intents: Families = msgspec.field(default_factory=Families)
    stop_updates: Families = msgspec.field(default_factory=Families)
    last_entries: dict[str, LastEntry] = {}
    open_positions: int = 0
    trading: Trading = msgspec.field(default_factory=Trading)
    account_lines: AccountLines = msgspec.field(default_factory=AccountLines)
    approvals: Window = msgspec.field(default_factory=Window)
    fuses: FuseCounts = msgspec.field(default_factory=FuseCounts)
    results: dict[str, Results] = {}
    reconciliation: Reconciliation = msgspec.field(default_factory=Reconciliation)
    parameters: str = ""
    file_parameters: str = ""
    waiting: dict[str, Waiting] | UnsetType = UNSET
    counts: Counts = msgspec.field(default_factory=Counts)


class Desk:
    """State, limits, instruments, reaches, valuations and loss watch; keeps track of what is on its way.

    active_rules: what an entry must pass while nothing is in the way; all_rules: whatever is; other_rules: those of the
    active that are left when every amount is far from its limit.
    links_orders: the venue itself takes off the others of a group as one of it fills, so that no two of them can.
    counts_results: a fill may open the breaker, reach the drawdown or the day's loss, or change a size.
    """

    __slots__ = (
        "active_rules",
        "all_rules",
        "costing",
        "counts_results",
        "far",
        "instruments",
        "limits",
        "links_orders",
        "losses",
        "other_rules",
        "reaches",
        "rough",
        "state",
        "usage",
        "valuation",
    )

    def __init__(self, limits: Limits, instruments: Instruments, state: State, *, links_orders: bool = True) -> None:
        self.limits = limits
        self.links_orders = links_orders
        self.instruments = instruments
        self.state = state
        use_money_context()
        self.reaches = Reaches(state.markets)
        currency = limits.account_currency
        self.valuation = Valuation(state.markets, self.reaches, state.account, instruments, currency)
        self.rough = Rough(state.markets, self.reaches, state.account, instruments, currency)
        self.usage = Usage(limits, state.markets, self.reaches, self.valuation, instruments)
        self.losses = LossWatch(
            limits, Watched(state.breaker, state.trading, state.account_lines), self.valuation, self.rough
        )
        self.costing = METHODS[limits.position_method]
        self.counts_results = self.losses.is_on or limits.fuses.losing_streak > 0 or limits.sizing.counts_trades
        self.far = Far(limits, self.rough, self.usage)
        self.active_rules = entry_rules(limits, latched=False)
        self.other_rules = tuple(rule for rule in self.active_rules if rule[0] not in BY_AMOUNTS)
        self.all_rules = entry_rules(limits, latched=True)

    def become(self, other: "Desk") -> None:
        """Take over all that another desk has: who holds this one works on by it."""
        for name in Desk.__slots__:
            setattr(self, name, getattr(other, name))

    def place(self, order: ApprovedOrder, intent: OrderIntent | None = None) -> None:
        """Take an approved order into work: from now on it counts as if it could fill at any moment."""
        state, runner, symbol, kind = self.state, order.runner, order.symbol, order.kind
        side, quantity = order.side, order.quantity
        market = state.markets[symbol]
        position = market.positions[runner]
        working = WorkingOrder(order.id, runner, symbol, kind, side, order.order_type, quantity)
        if intent is not None:
            working.stop_price, working.target_price = intent.stop_price, intent.target_price
            if order.order_type is not OrderType.MARKET or intent.guards is not UNSET:
                note_terms(working, intent, order.limit_price, links_orders=self.links_orders)
        begin_exact()
        if working.oco:
            quantity = grown(state.orders, working, quantity)
        if side is Side.BUY:
            position.buying += quantity
        else:
            position.selling += quantity
        if kind is IntentKind.ENTRY:
            position.entries += 1
        state.orders.working[order.id] = working
        self.changed(market, position)
        end_exact()
        if self.limits.orders_kept:
            state.approvals.note(order.event_ns, self.limits.orders_kept)

    def release(self, order: WorkingOrder, position: Position) -> None:
        """Take an order, with what it did not fill, off its position and out of work; `changed` must follow."""
        remaining = order.remaining
        if order.oco:
            remaining = grown(self.state.orders, order, remaining)
        if remaining:
            if order.side is Side.BUY:
                position.buying -= remaining
            else:
                position.selling -= remaining
        if order.kind is IntentKind.ENTRY:
            position.entries -= 1
        if position.protection.working == order.id:
            position.protection.working = ""
        orders = self.state.orders
        del orders.working[order.id]
        orders.finished.put(order.id, order.last_fill)

    def changed(self, market: Market, position: Position) -> None:
        """Note that a position, or what is on its way to it, changed; `end_exact` must follow: a rounded sum would last."""
        is_open = position.entries > 0 or bool(position.quantity)
        if is_open is not position.is_open:
            step = 1 if is_open else -1
            position.is_open = is_open
            market.open_positions += step
            self.state.open_positions += step
            if self.limits.strategies:
                self.usage.note(position)
        symbol = market.symbol
        self.reaches[symbol].count(position)
        self.valuation.touched[symbol] = None
        self.rough.changed[symbol] = None
