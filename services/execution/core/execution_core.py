"""Execution's core: sends what risk approved to the venue, once, and tells what became of it."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from common.config.models import ExecutionSection
from common.ids import Families, Novelty
from common.instruments import Instruments
from common.messages import (
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    InputGap,
    MarketStatus,
    Quote,
    Side,
    VenueRejectReason,
)
from common.money import ZERO, figure, use_money_context
from services.execution.core import messages
from services.execution.core.life_cycle import FINAL, TRANSITIONS, OrderEvent, OrderState
from services.execution.core.orders import Order, OrderBook
from services.execution.core.venue import (
    ExecutionVenue,
    VenueAccepted,
    VenueCancelled,
    VenueCancelRejected,
    VenueFilled,
    VenueOrder,
    VenueRejected,
    VenueReport,
)


class Counts(msgspec.Struct):
    """Totals since the beginning."""

    orders: int = 0
    accepted: int = 0
    rejected: int = 0
    cancelled: int = 0
    fills: int = 0
    repeated_orders: int = 0
    ignored_cancels: int = 0
    impossible_events: int = 0
    input_gaps: int = 0


class State(msgspec.Struct):
    """All that a snapshot keeps. holdings: per symbol and runner, as execution's own fills sum up. venue: its snapshot."""

    book: OrderBook = msgspec.field(default_factory=OrderBook)
    seen: Families = msgspec.field(default_factory=Families)
    holdings: dict[str, dict[str, Decimal]] = {}
    counts: Counts = msgspec.field(default_factory=Counts)
    venue: bytes = b""


_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(State)


class ExecutionCore:
    """The `Core` of execution; it takes `ApprovedOrder` and nothing less, and ignores what it does not hear."""

    def __init__(self, section: ExecutionSection, instruments: Instruments, venue: ExecutionVenue) -> None:
        self._venue = venue
        self._name = venue.name
        self._state = State()
        self._take: dict[type, Callable[[Any, int], Sequence[AnyMessage]]] = {
            Quote: self._on_market,
            MarketStatus: self._on_market,
            ApprovedOrder: self._on_order,
            ApprovedCancel: self._on_cancel,
            InputGap: self._on_gap,
        }
        self._follow: dict[type, Callable[[Any, str, int], AnyMessage | None]] = {
            VenueAccepted: self._on_accepted,
            VenueFilled: self._on_filled,
            VenueRejected: self._on_rejected,
            VenueCancelled: self._on_cancelled,
            VenueCancelRejected: self._on_cancel_rejected,
        }

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Take one input; return the reports that follow from it."""
        take = self._take.get(type(message))
        return () if take is None else take(message, now_ns)

    def _on_market(self, message: Quote | MarketStatus, now_ns: int) -> Sequence[AnyMessage]:
        reports = self._venue.observe(message, now_ns)
        if not reports:
            return ()
        cause = message.id if isinstance(message, Quote) else f"market:{message.symbol}:{message.received_ns}"
        return self._tell(reports, cause, now_ns)

    def _on_gap(self, gap: InputGap, now_ns: int) -> Sequence[AnyMessage]:
        self._state.counts.input_gaps += 1
        self._venue.lose_market(gap.topic.partition(".")[2])
        return ()

    def _on_order(self, approved: ApprovedOrder, now_ns: int) -> Sequence[AnyMessage]:
        state, quantity = self._state, approved.quantity
        novelty = state.seen.judge(approved.id, approved.event_ns)
        if novelty is Novelty.REPEAT:
            state.counts.repeated_orders += 1
            return ()
        state.counts.orders += 1
        if novelty is Novelty.REUSED:
            return self._reject(approved, VenueRejectReason.DUPLICATE_ORDER, "an earlier order had this id", now_ns)
        if approved.reduce_only:
            quantity = self._reduced(approved)
            if quantity <= ZERO:
                detail = f"{approved.runner} has no {approved.symbol} for a {approved.side} to close"
                return self._reject(approved, VenueRejectReason.NOTHING_TO_REDUCE, detail, now_ns)
        state.book.open[approved.id] = Order(approved, quantity, quantity)
        order = VenueOrder(
            approved.id,
            approved.symbol,
            approved.side,
            quantity,
            approved.order_type,
            approved.time_in_force,
            approved.limit_price,
            approved.reduce_only,
        )
        return self._tell(self._venue.submit(order, now_ns), approved.id, now_ns)

    def _reduced(self, approved: ApprovedOrder) -> Decimal:
        """Cut a reduction to what the runner holds. The venue cannot: it knows the net of all runners only."""
        held = self._state.holdings.get(approved.symbol, {}).get(approved.runner, ZERO)
        return min(approved.quantity, held if approved.side is Side.SELL else -held)

    def _reject(
        self, approved: ApprovedOrder, reason: VenueRejectReason, detail: str, now_ns: int
    ) -> Sequence[AnyMessage]:
        self._state.counts.rejected += 1
        return (messages.rejected(approved, self._name, reason, detail, now_ns),)

    def _on_cancel(self, cancel: ApprovedCancel, now_ns: int) -> Sequence[AnyMessage]:
        if cancel.order_id not in self._state.book.open:
            self._state.counts.ignored_cancels += 1
            return ()
        if self._move(cancel.order_id, OrderEvent.REQUEST_CANCEL) is None:
            return ()
        return self._tell(self._venue.cancel(cancel.order_id, cancel.symbol, now_ns), cancel.id, now_ns)

    def _tell(self, reports: Sequence[VenueReport], cause: str, now_ns: int) -> Sequence[AnyMessage]:
        told: list[AnyMessage] = []
        for report in reports:
            message = self._follow[type(report)](report, cause, now_ns)
            if message is not None:
                told.append(message)
        return told

    def _move(self, order_id: str, event: OrderEvent) -> Order | None:
        """Move an open order along the table; None, counted and nothing moved, where the table has no such step."""
        book = self._state.book
        order = book.open.get(order_id)
        after = None if order is None else TRANSITIONS.get((order.state, event))
        if order is None or after is None:
            self._state.counts.impossible_events += 1
            return None
        order.state = after
        if after in FINAL:
            del book.open[order_id]
            book.finished.put(order_id, after)
        return order

    def _on_accepted(self, report: VenueAccepted, cause: str, now_ns: int) -> AnyMessage | None:
        order = self._move(report.order_id, OrderEvent.ACCEPT)
        if order is None:
            return None
        self._state.counts.accepted += 1
        return messages.accepted(order.approved, self._name, now_ns)

    def _on_filled(self, report: VenueFilled, cause: str, now_ns: int) -> AnyMessage | None:
        order = self._state.book.open.get(report.order_id)
        is_last = order is not None and report.quantity >= order.remaining
        order = self._move(report.order_id, OrderEvent.FILL if is_last else OrderEvent.PARTIAL_FILL)
        if order is None:
            return None
        self._state.counts.fills += 1
        order.fills += 1
        order.remaining -= report.quantity
        self._hold(order.approved, report)
        return messages.filled(order, self._name, report, cause, now_ns)

    def _on_rejected(self, report: VenueRejected, cause: str, now_ns: int) -> AnyMessage | None:
        order = self._move(report.order_id, OrderEvent.REJECT)
        if order is None:
            return None
        self._state.counts.rejected += 1
        return messages.rejected(order.approved, self._name, report.reason, report.detail, now_ns)

    def _on_cancelled(self, report: VenueCancelled, cause: str, now_ns: int) -> AnyMessage | None:
        order = self._move(report.order_id, OrderEvent.CANCEL)
        if order is None:
            return None
        self._state.counts.cancelled += 1
        return messages.cancelled(order, self._name, cause, now_ns)

    def _on_cancel_rejected(self, report: VenueCancelRejected, cause: str, now_ns: int) -> AnyMessage | None:
        self._move(report.order_id, OrderEvent.REJECT_CANCEL)
        return None

    def _hold(self, approved: ApprovedOrder, report: VenueFilled) -> None:
        runners = self._state.holdings.setdefault(approved.symbol, {})
        signed = report.quantity if approved.side is Side.BUY else -report.quantity
        runners[approved.runner] = runners.get(approved.runner, ZERO) + signed

    def next_deadline_ns(self) -> int | None:
        """Return None: orders and quotes alone move execution."""
        return None

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        """Do nothing."""
        return ()

    def snapshot(self) -> bytes:
        """Return the whole state, the venue's included, as msgpack; tables keep their order."""
        self._state.venue = self._venue.snapshot()
        return _encoder.encode(self._state)

    def restore(self, state: bytes) -> None:
        """Take over a state, the venue's included."""
        self._state = _decoder.decode(state)
        self._venue.restore(self._state.venue)
        self._state.venue = b""

    def state_of(self, order_id: str) -> OrderState | None:
        """Return where an order stands; None for one that is unknown or long forgotten."""
        return self._state.book.state_of(order_id)

    def status(self) -> dict[str, Any]:
        """Return counts, open orders, holdings per symbol as execution and as the venue keep them, slippage, fees."""
        use_money_context()
        state = self._state
        return {
            **msgspec.structs.asdict(state.counts),
            "open_orders": len(state.book.open),
            "holdings": {symbol: figure(sum(held.values(), ZERO)) for symbol, held in state.holdings.items()},
            "venue": {"name": self._name, **self._venue.status()},
        }
