"""The way to the simulated venue and back, as time that passes: orders arrive late, and so do their reports.

How it works: it stands around execution's core. Orders, amends and cancels wait until they arrive at the venue, in the order in
which they were sent; market data reaches the venue at once, for it is there that it comes from. Reports wait until they
arrive here. What a report tells happened at its event_ns; we hear it at its received_ns.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

import msgspec

from common.core import Core
from common.messages import AnyMessage, ApprovedAmend, ApprovedCancel, ApprovedOrder
from services.execution.core.arrival import heard_at

type Sent = ApprovedOrder | ApprovedCancel | ApprovedAmend
_NOTHING: tuple[AnyMessage, ...] = ()


class Way(msgspec.Struct):
    """What is on its way, with when it arrives: orders, amends and cancels to the venue, reports from it."""

    orders: list[tuple[int, Sent]]
    reports: list[tuple[int, AnyMessage]]
    inner: bytes


_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder = msgspec.msgpack.Decoder(Way)


class LatencyCore:
    """A `Core` around execution's. order_ns: to the venue; report_ns: back; nanoseconds, 0 or more."""

    def __init__(self, inner: Core, order_ns: int, report_ns: int) -> None:
        assert order_ns >= 0 <= report_ns, "a way takes no negative time"
        self._inner = inner
        self._order_ns, self._report_ns = order_ns, report_ns
        self._orders: deque[tuple[int, Sent]] = deque()
        self._reports: deque[tuple[int, AnyMessage]] = deque()

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Send an order on its way; pass all else to execution, behind what has arrived by now."""
        arrived = self.on_deadline(now_ns)
        if isinstance(message, ApprovedOrder | ApprovedCancel | ApprovedAmend) and self._order_ns:
            self._orders.append((now_ns + self._order_ns, message))
            return arrived
        reports = self._send(self._inner.handle(message, now_ns), now_ns)
        return [*arrived, *reports] if arrived else reports

    def next_deadline_ns(self) -> int | None:
        """Return when the next of them arrives, or execution has a deadline."""
        own = self._inner.next_deadline_ns()
        dues = [ways[0][0] for ways in (self._orders, self._reports) if ways]
        if own is not None:
            dues.append(own)
        return min(dues) if dues else None

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        """Let arrive what has arrived by now, in order of time; reports first."""
        if not self._orders and not self._reports and self._inner.next_deadline_ns() is None:
            return _NOTHING
        out: list[AnyMessage] = []
        while True:
            order_ns = self._orders[0][0] if self._orders else now_ns + 1
            report_ns = self._reports[0][0] if self._reports else now_ns + 1
            if min(order_ns, report_ns) > now_ns:
                break
            if report_ns <= order_ns:
                _, report = self._reports.popleft()
                out.append(heard_at(report, now_ns))
            else:
                _, message = self._orders.popleft()
                out += self._send(self._inner.handle(message, order_ns), order_ns)
        due_ns = self._inner.next_deadline_ns()
        if due_ns is not None and due_ns <= now_ns:
            out += self._send(self._inner.on_deadline(now_ns), now_ns)
        return out

    def _send(self, reports: Sequence[AnyMessage], now_ns: int) -> Sequence[AnyMessage]:
        if not self._report_ns or not reports:
            return reports
        self._reports.extend((now_ns + self._report_ns, report) for report in reports)
        return _NOTHING

    def snapshot(self) -> bytes:
        """Return the whole state, execution's and what is on its way."""
        return _encoder.encode(Way(list(self._orders), list(self._reports), self._inner.snapshot()))

    def restore(self, state: bytes) -> None:
        """Take over a state."""
        way = _decoder.decode(state)
        self._orders, self._reports = deque(way.orders), deque(way.reports)
        self._inner.restore(way.inner)

    def status(self) -> dict[str, Any]:
        """Return execution's summary, and how much is on its way."""
        return {
            **self._inner.status(),
            "orders_on_their_way": len(self._orders),
            "reports_on_their_way": len(self._reports),
        }
