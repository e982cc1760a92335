"""A venue beyond the process as an `ExecutionVenue`: what is sent, and what comes back, sooner, later or never.

How it works: `submit` and `cancel` only note what is to be done. Each step ends by sending what may go out now: cancels
first, the rest in turn, as fast as the venue's limits let it, and orders only once the venue has been compared with what
we know. Answers and pushed reports come in as bytes (`hear`); time comes in by `advance`. What a step leads to is taken
with `take_out`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, override

import msgspec

from common.messages import InputGap, MarketStatus, Quote, VenueHeard, VenueRejectReason
from common.money import figure, use_money_context
from common.order_terms import fault_of
from services.execution.core.asking import Amend, Cancel, Submit, VenueFile
from services.execution.core.router.hearing import hear
from services.execution.core.router.pacing import pace_of
from services.execution.core.router.sending import NEVER_NS, advance
from services.execution.core.router.settings import Settings
from services.execution.core.router.stages import Event, Stage
from services.execution.core.router.state import Out, Routed, RouterState
from services.execution.core.router.work import Work
from services.execution.core.venue import (
    ExecutionVenue,
    VenueAmendRejected,
    VenueCancelRejected,
    VenueFilled,
    VenueOrder,
    VenueRejected,
    VenueReport,
    without_group,
)

MAX_OPEN: Final = 10_000
"""Orders whose end is not known; more are rejected."""

_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(tuple[RouterState, int])


class Router(ExecutionVenue):
    """The way to one venue."""

    def __init__(self, settings: Settings, file: VenueFile) -> None:
        self._file = file
        self.work = Work(RouterState(pace_of(file.LIMITS, settings.requests_per_second)), settings, file)
        self._due_ns = NEVER_NS

    @property
    @override
    def name(self) -> str:
        return self._file.NAME

    @override
    def submit(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        state = self.work.state
        if len(state.orders) >= MAX_OPEN:
            detail = f"{MAX_OPEN} orders are on their way"
            return (VenueRejected(order.id, VenueRejectReason.TOO_MANY_ORDERS, detail),)
        fault = fault_of(order.order_type, order.time_in_force, order.limit_price, order.terms)
        if fault:
            return (VenueRejected(order.id, VenueRejectReason.UNSUPPORTED, fault),)
        if state.halted and not order.is_reduction:
            return (VenueRejected(order.id, VenueRejectReason.HALTED, state.halted),)
        single = without_group(order)
        state.orders[order.id] = Routed(single)
        self.work.errand(Submit(single), now_ns)
        return ()

    @override
    def cancel(self, order_id: str, symbol: str, now_ns: int) -> Sequence[VenueReport]:
        work = self.work
        routed = work.state.orders.get(order_id)
        if routed is None:
            return (VenueCancelRejected(order_id),)
        routed.wants_cancel = True
        if work.move(routed, Event.GIVE_UP, now_ns):
            work.drop(order_id)
            return (VenueRejected(order_id, VenueRejectReason.NOT_SENT, "taken back before it was sent"),)
        if routed.stage is Stage.WORKING:
            work.errand(Cancel(order_id, symbol), now_ns)
        return ()

    @override
    def amend(self, order: VenueOrder, now_ns: int) -> Sequence[VenueReport]:
        """Ask for another quantity and other prices; the answer tells. Only an order that is known to rest is amended."""
        routed = self.work.state.orders.get(order.id)
        if routed is None or routed.stage is not Stage.WORKING or routed.wants_cancel or routed.amending is not None:
            return (VenueAmendRejected(order.id, VenueRejectReason.UNKNOWN_ORDER, f"{order.id} does not rest"),)
        use_money_context()
        routed.amending = without_group(order).with_quantity(routed.filled + order.quantity)
        routed.is_amend_lost = False
        self.work.errand(Amend(routed.amending), now_ns)
        return ()

    @override
    def open_orders(self) -> Sequence[VenueOrder]:
        return [routed.order for routed in self.work.state.orders.values()]

    @override
    def positions(self) -> Mapping[str, Decimal]:
        return self.work.state.held

    @override
    def fills_since(self, number: int) -> Sequence[VenueFilled]:
        """Return nothing: fills are kept by those who were told of them."""
        return ()

    @override
    def observe(self, message: Quote | MarketStatus | InputGap, now_ns: int) -> Sequence[VenueReport]:
        """Take no notice: the venue has a market of its own."""
        return ()

    def hear(self, heard: VenueHeard, now_ns: int) -> None:
        """Take what an adapter heard."""
        hear(self.work, heard, now_ns)

    def advance(self, now_ns: int) -> None:
        """Give up waiting for what is overdue, begin a comparison that is due, send what may go out now."""
        self._due_ns = advance(self.work, now_ns)

    def next_deadline_ns(self) -> int | None:
        """Return when `advance` wants to be called next."""
        return None if self._due_ns >= NEVER_NS else self._due_ns

    def take_out(self) -> Out:
        """Return what the steps since the last call led to."""
        out, self.work.out = self.work.out, Out()
        return out

    @override
    def snapshot(self) -> bytes:
        return _encoder.encode((self.work.state, self._due_ns))

    @override
    def restore(self, state: bytes) -> None:
        restored, self._due_ns = _decoder.decode(state)
        self.work = Work(restored, self.work.settings, self._file)

    @override
    def status(self) -> dict[str, Any]:
        use_money_context()
        state = self.work.state
        stages = [routed.stage for routed in state.orders.values()]
        return {
            "holdings": {symbol: figure(quantity) for symbol, quantity in state.held.items()},
            "slippage_paid": {},
            "fees_paid": {},
            "resting": stages.count(Stage.WORKING),
            "unknown": stages.count(Stage.UNKNOWN),
            "queued": stages.count(Stage.QUEUED),
            "is_up": state.is_up,
            "is_synced": state.reconciling.is_synced,
            "halted": state.halted,
            "rounds": state.reconciling.rounds,
            **msgspec.structs.asdict(state.tally),
        }
