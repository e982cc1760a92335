"""Execution's core for a venue beyond the process: requests go out as messages, and what the venue says comes in so."""

from collections.abc import Sequence
from typing import Final, override

import msgspec
from msgspec.structs import replace

from common.config.models import ExecutionSection
from common.instruments import Instruments
from common.messages import AnyMessage, OperatorCommand, VenueDifference, VenueHeard, VenueRequest
from common.money import ZERO, use_money_context
from common.recent import Recent
from services.execution.core import messages
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.following import follow
from services.execution.core.orders import Order
from services.execution.core.router import reconcile
from services.execution.core.router.router import Router
from services.execution.core.router.state import Difference
from services.execution.core.venue import VenueAmended, VenueFilled, VenueReport

RECONCILE: Final = "reconcile"
RESUME: Final = "resume"
ENDED_KEPT: Final = 10_000
"""Ended orders whose late fills can still be told in full."""


class RoutedState(msgspec.Struct):
    """What a snapshot keeps beside execution's own: orders that are over, for fills that come late."""

    inner: bytes
    ended: Recent[Order]


_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(RoutedState)


class RoutedCore(ExecutionCore):
    """An `ExecutionCore` whose venue is a router; it hears `VenueHeard` and says `VenueRequest` and `VenueDifference`."""

    def __init__(self, section: ExecutionSection, instruments: Instruments, router: Router) -> None:
        super().__init__(section, instruments, router)
        self._router = router
        self._ended: Recent[Order] = Recent(ENDED_KEPT)

    @override
    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        if isinstance(message, VenueHeard):
            self._router.hear(message, now_ns)
            return self._step((), message.request_id or f"{message.venue}:{now_ns}", now_ns)
        if isinstance(message, OperatorCommand) and message.name in (RECONCILE, RESUME):
            if message.name == RESUME:
                self._router.work.state.halted = ""
            elif self._router.work.state.is_up:
                reconcile.begin(self._router.work, now_ns)
            return self._step((), message.id, now_ns)
        return self._step(super().handle(message, now_ns), "", now_ns)

    @override
    def next_deadline_ns(self) -> int | None:
        return self._router.next_deadline_ns()

    @override
    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        return self._step((), f"{self._router.name}:{now_ns}", now_ns)

    def _step(self, told: Sequence[AnyMessage], cause: str, now_ns: int) -> Sequence[AnyMessage]:
        """Let the router do what is due; return what was told before and what follows."""
        self._router.advance(now_ns)
        out, work = self._router.take_out(), self._router.work
        said, errands = [*told], work.state.errands
        for report in out.reports:
            said += self._follow(report, cause, now_ns)
        said += [self._difference(difference, cause, now_ns) for difference in out.differences]
        venue = self._router.name
        said += [
            VenueRequest(event_ns=now_ns, received_ns=now_ns, id=name, venue=venue, method=method, body=body)
            for name, method, body in out.frames
        ]
        if work.state.errands == errands:
            return said
        return self._step(said, cause, now_ns)  # a report has led to a cancel, which waits for nothing

    def _follow(self, report: VenueReport, cause: str, now_ns: int) -> Sequence[AnyMessage]:
        book = self._desk.state.book
        order_id = report.order.id if isinstance(report, VenueAmended) else report.order_id
        order = book.open.get(order_id)
        if order is None:
            return self._late(report, cause, now_ns) if isinstance(report, VenueFilled) else ()
        if isinstance(report, VenueFilled) and report.quantity > order.remaining:
            return self._overfilled(order, report, cause, now_ns)
        said = follow(self._desk, (report,), cause, now_ns)
        if order_id not in book.open:
            self._ended.put(order_id, order)
        return said

    def _overfilled(self, order: Order, report: VenueFilled, cause: str, now_ns: int) -> Sequence[AnyMessage]:
        """Tell what the order asked for as its fill, and what is beyond as one that came after its end."""
        use_money_context()
        beyond = replace(report, quantity=report.quantity - order.remaining, fee=ZERO)
        said = self._follow(replace(report, quantity=order.remaining), cause, now_ns)
        return [*said, *self._late(beyond, cause, now_ns)]

    def _late(self, report: VenueFilled, cause: str, now_ns: int) -> Sequence[AnyMessage]:
        """Tell a fill of an order that is over: what was traded is held, whatever was said before."""
        use_money_context()
        order = self._ended.get(report.order_id)
        if order is None:
            return ()
        order.fills += 1
        order.remaining = max(order.remaining - report.quantity, ZERO)
        self._desk.state.counts.fills += 1
        self._desk.hold(order.approved, report.quantity)
        return (messages.filled(order, self._router.name, report, cause, now_ns),)

    def _difference(self, difference: Difference, cause: str, now_ns: int) -> VenueDifference:
        return VenueDifference(
            event_ns=now_ns,
            received_ns=now_ns,
            venue=self._router.name,
            kind=difference.kind,
            action=difference.action,
            symbol=difference.symbol,
            order_id=difference.order_id,
            ours=difference.ours,
            theirs=difference.theirs,
            cause=cause,
        )

    @override
    def snapshot(self) -> bytes:
        return _encoder.encode(RoutedState(super().snapshot(), self._ended))

    @override
    def restore(self, state: bytes) -> None:
        restored = _decoder.decode(state)
        super().restore(restored.inner)
        self._ended = restored.ended
