"""The wire to the venue: what is decided on one event reaches the venue with the next one, never with the same.

How it works: it stands where execution stands on the in-process bus. Orders, amends and cancels that a runner asked for wait
here until the next quote of their symbol: an order decided at the close of a bar meets the open of the next. Protective
exits wait at the venue in all but name, so they pass at once.
"""

from collections.abc import Callable, Sequence
from typing import Any

from common.core import Core, Sorted
from common.messages import AnyMessage, ApprovedAmend, ApprovedCancel, ApprovedOrder, Quote

type Sent = ApprovedOrder | ApprovedCancel | ApprovedAmend
_NOTHING: tuple[AnyMessage, ...] = ()


class VenueWire:
    """A `Core` around execution's. held: messages on their way, by symbol, in the order in which they were sent."""

    def __init__(self, execution: Core) -> None:
        self._execution = execution
        self.held: dict[str, list[Sent]] = {}
        self._take: dict[type, Callable[[Any, int], Sequence[AnyMessage]]] = {
            Quote: self._on_quote,
            ApprovedOrder: self._on_order,
            ApprovedCancel: self._on_cancel,
            ApprovedAmend: self._on_amend,
        }

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Pass a message on, or hold it; what was held follows the next quote."""
        return self._take.get(type(message), self._execution.handle)(message, now_ns)

    def handler_of(self, kind: type) -> Callable[[Any, int], Sequence[AnyMessage]] | None:
        """Return what takes messages of a type; None where execution ignores them."""
        own, execution = self._take.get(kind), self._execution
        if own is not None:
            return own
        return execution.handler_of(kind) if isinstance(execution, Sorted) else execution.handle

    def _on_order(self, order: ApprovedOrder, now_ns: int) -> Sequence[AnyMessage]:
        return self._execution.handle(order, now_ns) if order.cause != order.intent_id else self._hold(order)

    def _on_cancel(self, cancel: ApprovedCancel, now_ns: int) -> Sequence[AnyMessage]:
        return self._execution.handle(cancel, now_ns) if cancel.cause != cancel.id else self._hold(cancel)

    def _on_amend(self, amend: ApprovedAmend, now_ns: int) -> Sequence[AnyMessage]:
        return self._hold(amend)

    def _hold(self, message: Sent) -> Sequence[AnyMessage]:
        self.held.setdefault(message.symbol, []).append(message)
        return _NOTHING

    def _on_quote(self, quote: Quote, now_ns: int) -> Sequence[AnyMessage]:
        answers = self._execution.handle(quote, now_ns)
        waiting = self.held.pop(quote.symbol, None) if self.held else None
        if waiting is None:
            return answers
        if len(waiting) == 1 and not answers:
            return self._execution.handle(waiting[0], now_ns)
        reports = list(answers)
        for message in waiting:
            reports += self._execution.handle(message, now_ns)
        return reports

    def next_deadline_ns(self) -> int | None:
        """Return execution's next deadline."""
        return self._execution.next_deadline_ns()

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        """Do what execution has to do by now."""
        return self._execution.on_deadline(now_ns)

    def snapshot(self) -> bytes:
        """Return execution's state; nothing may be on its way."""
        assert not self.held, f"orders are on their way: {sorted(self.held)}"
        return self._execution.snapshot()

    def restore(self, state: bytes) -> None:
        """Take over execution's state."""
        self._execution.restore(state)

    def status(self) -> dict[str, Any]:
        """Return execution's summary."""
        return self._execution.status()
