"""Folds events into the platform's state, one after the other; the same events give the same SHA-256 anywhere.

How it works: every part of the state is told by one stream of one publisher, except orders, whose parts are kept apart
(`orders.py`). So the state depends on what happened, not on the order in which a listener heard of it from different
services: the store that listens, a replay of its log, and the services' own journals give the same hash.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, Self

import msgspec

from common.codec import UndecodableError
from common.messages import (
    AccountChanged,
    AnyMessage,
    ApprovedOrder,
    Bar,
    Fill,
    Halt,
    InputGap,
    IntentKind,
    MarketStatus,
    OperatorCommand,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderIntent,
    OrderRefused,
    OrderRejected,
    OrderTriggered,
    PositionChanged,
    Quote,
    RejectReason,
    RiskLimitsChanged,
    RunnerFailed,
    RunnerState,
    RunnerTransitioned,
    Trade,
)
from common.money import ZERO, use_money_context
from services.event_store.core.projection.orders import KEPT, OrderTable
from services.event_store.core.projection.state import RunnerRecord, State, command_key
from services.event_store.core.stored import Stored

UNDECODABLE = "undecodable"
FLOW = ("accounts", "breaker", "holdings", "orders", "positions", "runners")
"""Sections that order flow and runners determine: the services' own journals give the same."""

_encode = msgspec.msgpack.Encoder(decimal_format="string", order="deterministic").encode


class Saved(msgspec.Struct, frozen=True):
    """A projection at rest: the sequence number of the last event folded, and the state after it."""

    sequence: int
    state: State


_decode = msgspec.msgpack.Decoder(Saved).decode


class Projection:
    """The platform's state after event `sequence`. kept: orders that are over and still known one by one."""

    def __init__(self, kept: int = KEPT) -> None:
        self.sequence = 0
        self.state = State(orders=OrderTable(kept=kept))
        self._takes = self._table()

    def take(self, stored: Stored) -> None:
        """Fold a stored event; bytes that this version of the schema does not know are counted."""
        assert stored.sequence > self.sequence, f"event {stored.sequence} after {self.sequence}"
        self.sequence = stored.sequence
        try:
            message = stored.message()
        except UndecodableError:
            self._count(UNDECODABLE)
            return
        self.apply(message)

    def take_all(self, events: Iterable[Stored]) -> Self:
        """Fold stored events in their order; return the projection."""
        for stored in events:
            self.take(stored)
        return self

    def apply(self, message: AnyMessage) -> None:
        """Fold a message that the caller has numbered."""
        kind = type(message)
        self._count(kind.__name__)
        take = self._takes.get(kind)
        if take is not None:
            take(message)

    def snapshot(self) -> bytes:
        """Return sequence and state as canonical bytes: equal for equal states in any process."""
        return _encode(Saved(self.sequence, self.state))

    def restore(self, saved: bytes) -> None:
        """Take over what `snapshot` returned.

        Raises:
            ValueError: the bytes are no projection of this version.
        """
        try:
            found = _decode(saved)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"no projection: {error} ({len(saved)} bytes)") from error
        self.sequence, self.state = found.sequence, found.state
        self._takes = self._table()

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each section, in hex: where two states differ."""
        state = self.state
        return {name: sha256(_encode(getattr(state, name))).hexdigest() for name in state.__struct_fields__}

    def digest(self) -> str:
        """Return the SHA-256 of the whole state, in hex. How many events the log has is no part of it; what they say is."""
        return self.hashes()[0]

    def flow_digest(self) -> str:
        """Return the SHA-256 of what order flow alone determines: the same for the log and for the services' journals."""
        return self.hashes()[1]

    def hashes(self) -> tuple[str, str]:
        """Return `digest` and `flow_digest`, for the price of one."""
        digests = self.digests()
        return _sum(digests), _sum({name: digests[name] for name in FLOW})

    def _count(self, name: str) -> None:
        counts = self.state.counts
        counts[name] = counts.get(name, 0) + 1

    def _take_limits(self, changed: RiskLimitsChanged) -> None:
        self.state.limits.update((change.key, change.after) for change in changed.changes)

    def _table(self) -> dict[type, Callable[[Any], None]]:
        state, orders = self.state, self.state.orders
        return {
            Quote: lambda quote: state.quotes.__setitem__(quote.symbol, quote),
            Trade: lambda trade: state.trades.__setitem__(trade.symbol, trade),
            Bar: lambda bar: state.bars.setdefault(bar.symbol, {}).__setitem__(bar.timeframe, bar),
            MarketStatus: lambda status: state.markets.__setitem__(status.symbol, status),
            RiskLimitsChanged: self._take_limits,
            AccountChanged: lambda changed: state.accounts.__setitem__(changed.currency, changed),
            PositionChanged: lambda changed: state.positions.setdefault(changed.symbol, {}).__setitem__(
                changed.runner, changed
            ),
            OrderIntent: orders.take_intent,
            ApprovedOrder: lambda order: _approved(state, orders, order),
            OrderRefused: lambda refused: _refused(state, orders, refused),
            OrderAccepted: orders.take_accepted,
            OrderTriggered: orders.take_triggered,
            OrderAmended: orders.take_amended,
            OrderRejected: orders.take_end,
            OrderCancelled: orders.take_end,
            Fill: lambda fill: _filled(state, orders, fill),
            RunnerTransitioned: lambda moved: _moved(state, moved),
            RunnerFailed: lambda failed: _failed(state, failed),
            OperatorCommand: lambda command: _commanded(state, command),
            Halt: lambda halt: state.halts.__setitem__(halt.service, halt),
            InputGap: lambda gap: state.gaps.__setitem__(gap.topic, gap),
        }


def _sum(digests: dict[str, str]) -> str:
    return sha256("\n".join(f"{name} {digest}" for name, digest in sorted(digests.items())).encode()).hexdigest()


def _approved(state: State, orders: OrderTable, order: ApprovedOrder) -> None:
    orders.take_approved(order)
    if order.kind is IntentKind.ENTRY:
        state.breaker.reason = ""


def _refused(state: State, orders: OrderTable, refused: OrderRefused) -> None:
    orders.take_refused(refused)
    breaker = state.breaker
    if refused.reason is not RejectReason.BREAKER_OPEN:
        return
    breaker.refusals += 1
    if not breaker.reason:
        breaker.reason, breaker.since_ns = refused.found, refused.event_ns


def _filled(state: State, orders: OrderTable, fill: Fill) -> None:
    use_money_context()
    orders.take_fill(fill)
    held = state.holdings.setdefault(fill.symbol, {})
    held[fill.runner] = held.get(fill.runner, ZERO) + fill.side.sign * fill.quantity


def _moved(state: State, moved: RunnerTransitioned) -> None:
    record = _runner(state, moved)
    record.state, record.reason, record.cause = moved.after, moved.reason, moved.cause
    record.since_ns = moved.event_ns
    record.transitions += 1
    if moved.before is RunnerState.IDLE and moved.after is RunnerState.ANALYZING:
        record.is_paused = False


def _failed(state: State, failed: RunnerFailed) -> None:
    record = _runner(state, failed)
    record.errors += 1
    record.last_error, record.is_paused, record.failed_ns = failed.error, failed.paused, failed.event_ns


def _commanded(state: State, command: OperatorCommand) -> None:
    key = command_key(command.name, command.arguments.get("runner", ""))
    known = state.commands.get(key)
    if known is None or known.event_ns < command.event_ns:
        state.commands[key] = command


def _runner(state: State, about: RunnerTransitioned | RunnerFailed) -> RunnerRecord:
    record = state.runners.get(about.runner)
    if record is None:
        record = state.runners[about.runner] = RunnerRecord(about.strategy, about.symbol)
    return record
