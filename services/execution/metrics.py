"""Execution's metrics: a projection of the messages it hears and says, and of its state once a second."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.registry import CollectorRegistry

from common.messages import (
    AmendRejected,
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    Fill,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderRejected,
    OrderTriggered,
    VenueDifference,
    VenueRejectReason,
    VenueRequest,
)
from common.metrics import by_labels

_COUNTED = frozenset(
    {
        ApprovedOrder,
        Fill,
        OrderAccepted,
        OrderRejected,
        OrderCancelled,
        OrderTriggered,
        OrderAmended,
        AmendRejected,
        ApprovedCancel,
        VenueDifference,
        VenueRequest,
    }
)
"""The types that `observe` counts; what is not among them is most of what comes."""


class ExecutionMetrics:
    """Counts messages into a registry; labels are symbols, currencies and enum members only."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._orders = Counter("execution_orders", "Approved orders heard.", ["symbol", "side"], registry=registry)
        self._cancels = Counter("execution_cancels", "Approved cancels heard.", registry=registry)
        self._accepted = Counter("execution_orders_accepted", "Orders the venue took.", ["symbol"], registry=registry)
        self._rejected = Counter("execution_orders_rejected", "Orders not taken.", ["reason"], registry=registry)
        self._cancelled = Counter("execution_orders_cancelled", "Orders cancelled.", ["symbol"], registry=registry)
        self._triggered = Counter("execution_orders_triggered", "Triggers reached.", ["symbol"], registry=registry)
        self._amended = Counter(
            "execution_orders_amended", "Changes of resting orders.", ["outcome"], registry=registry
        )
        for outcome in ("amended", "rejected"):
            self._amended.labels(outcome)
        self._in_flight = Gauge("execution_orders_in_flight", "Orders that rest at the venue.", registry=registry)
        self._fills = Counter("execution_fills", "Fills.", ["symbol", "side"], registry=registry)
        self._volume = Counter("execution_filled_quantity", "Base units traded.", ["symbol", "side"], registry=registry)
        self._notional = Counter("execution_filled_notional", "Quote units traded.", ["symbol"], registry=registry)
        self._fees = Gauge("execution_fees", "Fees paid, rebates deducted.", ["currency"], registry=registry)
        self._differences = Counter(
            "execution_venue_differences",
            "What the venue and execution disagreed on.",
            ["kind", "action"],
            registry=registry,
        )
        self._requests = Counter("execution_venue_requests", "Requests sent to the venue.", registry=registry)
        self._orders_of, self._accepted_of = by_labels(self._orders), by_labels(self._accepted)
        self._fills_of, self._volume_of = by_labels(self._fills), by_labels(self._volume)
        self._notional_of, self._fees_of = by_labels(self._notional), by_labels(self._fees)
        for reason in VenueRejectReason:
            self._rejected.labels(reason)  # A rate over a counter that appears with its first event misses that event.

    def observe(self, message: AnyMessage) -> None:  # noqa: C901 - a table in the form of a match, one row a type
        """Count a message; most are of no interest here."""
        if type(message) not in _COUNTED:
            return
        match message:
            case ApprovedOrder():
                self._orders_of(message.symbol, message.side).inc()
            case Fill():
                self._count_fill(message)
            case OrderAccepted():
                self._accepted_of(message.symbol).inc()
            case OrderRejected():
                self._rejected.labels(message.reason).inc()
            case OrderCancelled():
                self._cancelled.labels(message.symbol).inc()
            case OrderTriggered() | OrderAmended() | AmendRejected():
                self._count_change(message)
            case ApprovedCancel():
                self._cancels.inc()
            case VenueDifference():
                self._differences.labels(message.kind, message.action).inc()
            case VenueRequest():
                self._requests.inc()
            case _:
                pass

    def sample(self, status: Mapping[str, Any]) -> None:
        """Take the gauges from the core's status."""
        self._in_flight.set(status["open_orders"])

    def _count_change(self, message: OrderTriggered | OrderAmended | AmendRejected) -> None:
        if isinstance(message, OrderTriggered):
            self._triggered.labels(message.symbol).inc()
        else:
            self._amended.labels("amended" if isinstance(message, OrderAmended) else "rejected").inc()

    def _count_fill(self, fill: Fill) -> None:
        self._fills_of(fill.symbol, fill.side).inc()
        self._volume_of(fill.symbol, fill.side).inc(float(fill.quantity))
        self._notional_of(fill.symbol).inc(float(fill.quantity * fill.price))
        self._fees_of(fill.fee_currency).inc(float(fill.fee))
