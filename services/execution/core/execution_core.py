"""Execution's core: sends what risk approved to the venue, once, and tells what became of it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import UNSET

from common.config.models import ExecutionSection
from common.ids import Novelty
from common.instruments import Instruments
from common.messages import (
    AnyMessage,
    ApprovedAmend,
    ApprovedCancel,
    ApprovedOrder,
    InputGap,
    MarketStatus,
    OperatorCommand,
    OrderType,
    Quote,
    VenueRejectReason,
)
from common.money import ZERO, figure, use_money_context
from common.order_terms import rests
from services.execution.core import kill, messages
from services.execution.core.amending import amend
from services.execution.core.desk import Desk, Snapshot, State, groups_in
from services.execution.core.following import end_group, follow
from services.execution.core.grouping import group_of
from services.execution.core.life_cycle import OrderEvent, OrderState
from services.execution.core.orders import Order, sent
from services.execution.core.venue import ExecutionVenue

NEVER_NS: Final = 2**63 - 1

_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(Snapshot)


class ExecutionCore:
    """The `Core` of execution; it takes `ApprovedOrder` and nothing less, and ignores what it does not hear."""

    def __init__(self, section: ExecutionSection, instruments: Instruments, venue: ExecutionVenue) -> None:
        self._desk = Desk(State(), venue)
        self._expiry_ns = NEVER_NS
        self._take: dict[type, Callable[[Any, int], Sequence[AnyMessage]]] = {
            Quote: self._on_market,
            MarketStatus: self._on_market,
            InputGap: self._on_market,
            ApprovedOrder: self._on_order,
            ApprovedCancel: self._on_cancel,
            ApprovedAmend: partial(amend, self._desk),
            OperatorCommand: partial(kill.obey, self._desk),
        }

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Take one input; return the reports that follow from it."""
        take = self._take.get(type(message))
        if take is None:
            return ()
        if now_ns >= self._expiry_ns:
            return [*self._expire(now_ns), *take(message, now_ns)]
        return take(message, now_ns)

    def handler_of(self, kind: type) -> Callable[[Any, int], Sequence[AnyMessage]] | None:
        """Return what takes messages of a type; None where they are ignored."""
        return self.handle if kind in self._take else None

    def _expire(self, now_ns: int) -> Sequence[AnyMessage]:
        """End what was to end by now, before anything else can happen to it."""
        due_ns, desk = self._expiry_ns, self._desk
        reports = follow(desk, desk.venue.expire(now_ns), f"expiry:{due_ns}", now_ns)
        self._find_expiry()
        return reports

    def _find_expiry(self) -> None:
        next_ns = self._desk.venue.next_expiry_ns()
        self._expiry_ns = NEVER_NS if next_ns is None else next_ns

    def _on_market(self, message: Quote | MarketStatus | InputGap, now_ns: int) -> Sequence[AnyMessage]:
        reports = self._desk.venue.observe(message, now_ns)
        if type(message) is InputGap:
            self._desk.state.counts.input_gaps += 1
        if not reports:
            return ()
        return follow(self._desk, reports, _cause_of(message), now_ns)

    def _on_order(self, approved: ApprovedOrder, now_ns: int) -> Sequence[AnyMessage]:
        desk = self._desk
        state, quantity = desk.state, approved.quantity
        novelty = state.seen.judge(approved.id, approved.event_ns)
        if novelty is Novelty.REPEAT:
            state.counts.repeated_orders += 1
            return ()
        state.counts.orders += 1
        if novelty is Novelty.REUSED:
            return self._reject(approved, VenueRejectReason.DUPLICATE_ORDER, "an earlier order had this id", now_ns)
        if state.killed and not approved.reduce_only:
            return self._reject(approved, VenueRejectReason.KILL_SWITCH, kill.why(desk), now_ns)
        group = "" if approved.terms is UNSET else group_of(approved)
        if group and not groups_in(state).join(approved, group):
            detail = f"another of the group of {approved.id} has filled, or has ended"
            return self._reject(approved, VenueRejectReason.OCO, detail, now_ns)
        if approved.reduce_only:
            quantity = desk.reducible(approved)
            if quantity <= ZERO:
                detail = f"{approved.runner} has no {approved.symbol} for a {approved.side} to close"
                return self._reject(approved, VenueRejectReason.NOTHING_TO_REDUCE, detail, now_ns)
            if approved.order_type is not OrderType.MARKET and rests(approved.order_type, approved.time_in_force):
                state.book.reducing[approved.id] = None
        state.book.open[approved.id] = Order(approved, quantity, quantity)
        order = sent(approved, quantity)
        reports = follow(desk, desk.venue.submit(order, now_ns), approved.id, now_ns)
        if order.terms is not None and order.terms.expires_ns:
            self._find_expiry()
        return reports

    def _reject(
        self, approved: ApprovedOrder, reason: VenueRejectReason, detail: str, now_ns: int
    ) -> Sequence[AnyMessage]:
        self._desk.state.counts.rejected += 1
        told = messages.rejected(approved, self._desk.name, reason, detail, now_ns)
        group = group_of(approved)
        if not group:
            return (told,)
        groups_in(self._desk.state)
        return (told, *end_group(self._desk, group, approved.id, now_ns))

    def _on_cancel(self, cancel: ApprovedCancel, now_ns: int) -> Sequence[AnyMessage]:
        if cancel.order_id not in self._desk.state.book.open:
            self._desk.state.counts.ignored_cancels += 1
            return ()
        desk = self._desk
        order = desk.move(cancel.order_id, OrderEvent.REQUEST_CANCEL)
        if order is None:
            return ()
        told = follow(desk, desk.venue.cancel(cancel.order_id, cancel.symbol, now_ns), cancel.id, now_ns)
        group = group_of(order.approved)
        return [*told, *end_group(desk, group, cancel.id, now_ns)] if group else told

    def next_deadline_ns(self) -> int | None:
        """Return when the next order may end by time; None where none does. Orders and quotes move all else."""
        return None if self._expiry_ns == NEVER_NS else self._expiry_ns

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        """End the orders whose time has come."""
        return self._expire(now_ns) if now_ns >= self._expiry_ns else ()

    def snapshot(self) -> bytes:
        """Return the whole state, the venue's included, as msgpack; tables keep their order, in which orders fill."""
        return _encoder.encode(Snapshot(self._desk.state, self._desk.venue.snapshot()))

    def restore(self, state: bytes) -> None:
        """Take over a state, the venue's included."""
        snapshot = _decoder.decode(state)
        self._desk.state = snapshot.state
        self._desk.venue.restore(snapshot.venue)
        self._find_expiry()

    def state_of(self, order_id: str) -> OrderState | None:
        """Return where an order stands; None for one that is unknown or long forgotten."""
        return self._desk.state.book.state_of(order_id)

    def status(self) -> dict[str, Any]:
        """Return counts, open orders, holdings per symbol as execution and as the venue keep them, slippage, fees."""
        use_money_context()
        state = self._desk.state
        return {
            **msgspec.structs.asdict(state.counts),
            "killed": state.killed,
            "open_orders": len(state.book.open),
            "holdings": {symbol: figure(sum(held.values(), ZERO)) for symbol, held in state.holdings.items()},
            "held_by": {
                symbol: {runner: figure(amount) for runner, amount in held.items() if amount}
                for symbol, held in state.holdings.items()
            },
            "venue": {"name": self._desk.name, **self._desk.venue.status()},
        }


def _cause_of(message: Quote | MarketStatus | InputGap) -> str:
    if isinstance(message, Quote):
        return message.id
    name = message.symbol if isinstance(message, MarketStatus) else message.topic
    return f"market:{name}:{message.received_ns}"
