"""The risk manager's metrics: a projection of the messages it hears and says, and of its state once a second.

What lasts (positions, cash, P&L) is taken from the state, so that it is right after a restart and as the market moves.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.registry import CollectorRegistry

from common.messages import (
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    Fill,
    IntentKind,
    OrderIntent,
    OrderRefused,
    RejectReason,
    RiskLimitsChanged,
    TradingState,
)
from common.metrics import by_labels

_COUNTED = frozenset({OrderIntent, ApprovedOrder, OrderRefused, ApprovedCancel, Fill, RiskLimitsChanged})
"""The types that `observe` counts; what is not among them is most of what comes."""

PROTECTIVE_MARK = "-stop-"
"""What the id of an order has that risk made itself, because a stop or target was hit."""

FIGURES = {
    "realised_pnl": "Realised P&L in the account currency, fees deducted.",
    "unrealised_pnl": "What is held at its marks less what it cost, in the account currency.",
    "equity": "Cash and positions at their marks, in the account currency.",
    "exposure": "Sum of |position| x mark, in the account currency.",
    "open_positions": "Runners that hold or enter a position.",
}
"""Keys of the core's status that are gauges of their own."""


class RiskMetrics:
    """Counts messages into a registry; labels are symbols, strategies, currencies and enum members only."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._intents = Counter("risk_intents", "Intents heard.", ["kind"], registry=registry)
        self._approved = Counter("risk_orders_approved", "Orders approved.", ["kind"], registry=registry)
        self._rejected = Counter("risk_orders_rejected", "Intents refused, by rule.", ["reason"], registry=registry)
        self._protective = Counter("risk_protective_exits", "Stops and targets hit.", ["symbol"], registry=registry)
        self._cancels = Counter("risk_cancels_approved", "Cancels passed on.", registry=registry)
        self._changes = Counter(
            "risk_limit_changes", "Changes of the limits taken over.", ["origin"], registry=registry
        )
        self._unchanged = Counter("risk_limit_changes_refused", "Changes of the limits refused.", registry=registry)
        self._fills = Counter("risk_fills", "Fills heard.", ["symbol"], registry=registry)
        self._position = Gauge(
            "risk_position_quantity", "Base units held, negative when short.", ["strategy", "symbol"], registry=registry
        )
        self._average = Gauge(
            "risk_position_average_price", "Average cost of what is held.", ["strategy", "symbol"], registry=registry
        )
        self._cash = Gauge("risk_cash", "Cash.", ["currency"], registry=registry)
        self._fees = Gauge("risk_fees", "Fees paid.", ["currency"], registry=registry)
        self._figures = {name: Gauge(f"risk_{name}", text, registry=registry) for name, text in FIGURES.items()}
        self._breaker = Gauge("risk_breaker_open", "1 while the breaker refuses entries.", registry=registry)
        self._trading = Gauge("risk_trading_state", "1 for the state of trading, else 0.", ["state"], registry=registry)
        self._intents_of, self._approved_of = by_labels(self._intents), by_labels(self._approved)
        self._fills_of = by_labels(self._fills)
        self._held: set[tuple[str, str]] = set()
        for reason in RejectReason:
            self._rejected.labels(reason)  # A rate over a counter that appears with its first event misses that event.

    def observe(self, message: AnyMessage) -> None:
        """Count a message; most are of no interest here."""
        if type(message) not in _COUNTED:
            return
        match message:
            case OrderIntent():
                self._intents_of(message.kind).inc()
            case ApprovedOrder():
                self._approved_of(message.kind).inc()
                if message.kind is IntentKind.EXIT and PROTECTIVE_MARK in message.id:
                    self._protective.labels(message.symbol).inc()
            case OrderRefused():
                self._rejected.labels(message.reason).inc()
            case ApprovedCancel():
                self._cancels.inc()
            case Fill():
                self._fills_of(message.symbol).inc()
            case RiskLimitsChanged():
                self._changes.labels(message.origin).inc()
            case _:
                pass

    def limits_refused(self) -> None:
        """Count a change of the limits that could not be taken over; no message tells of it."""
        self._unchanged.inc()

    def sample(self, status: Mapping[str, Any]) -> None:
        """Take the gauges from the core's status."""
        for name, gauge in self._figures.items():
            gauge.set(float(status[name]))
        self._breaker.set(status["breaker"]["open"])
        for state in TradingState:
            self._trading.labels(state).set(status["trading"] == state)
        for gauge, amounts in ((self._cash, status["cash"]), (self._fees, status["fees"])):
            for currency, amount in amounts.items():
                gauge.labels(currency).set(float(amount))
        self._sample_positions(status["positions"])

    def _sample_positions(self, positions: Iterable[Mapping[str, Any]]) -> None:
        held = {(each["runner"].rpartition(":")[0], each["symbol"]): each for each in positions}
        for labels in self._held - held.keys():
            self._position.labels(*labels).set(0)
        for labels, position in held.items():
            self._position.labels(*labels).set(float(position["quantity"]))
            self._average.labels(*labels).set(float(position["average_price"]))
        self._held |= held.keys()
