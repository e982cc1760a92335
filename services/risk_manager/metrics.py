"""The risk manager's metrics: a projection of the messages it hears and says."""

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.registry import CollectorRegistry

from common.messages import (
    AccountChanged,
    AnyMessage,
    ApprovedCancel,
    ApprovedOrder,
    Fill,
    IntentKind,
    OrderIntent,
    OrderRefused,
    PositionChanged,
)

PROTECTIVE_MARK = "-stop-"
"""What the id of an order has that risk made itself, because a stop or target was hit."""


class RiskMetrics:
    """Counts messages into a registry; labels are symbols, strategies, currencies and enum members only."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._intents = Counter("risk_intents", "Intents heard.", ["kind"], registry=registry)
        self._approved = Counter("risk_orders_approved", "Orders approved.", ["kind"], registry=registry)
        self._rejected = Counter("risk_orders_rejected", "Intents refused, by rule.", ["reason"], registry=registry)
        self._protective = Counter("risk_protective_exits", "Stops and targets hit.", ["symbol"], registry=registry)
        self._cancels = Counter("risk_cancels_approved", "Cancels passed on.", registry=registry)
        self._fills = Counter("risk_fills", "Fills heard.", ["symbol"], registry=registry)
        self._position = Gauge(
            "risk_position_quantity", "Base units held, negative when short.", ["strategy", "symbol"], registry=registry
        )
        self._average = Gauge(
            "risk_position_average_price", "Average cost of what is held.", ["strategy", "symbol"], registry=registry
        )
        self._realised = Gauge("risk_realised_pnl", "Realised P&L, fees deducted.", ["currency"], registry=registry)
        self._cash = Gauge("risk_cash", "Cash.", ["currency"], registry=registry)
        self._fees = Gauge("risk_fees", "Fees paid.", ["currency"], registry=registry)
        self._open = Gauge("risk_open_positions", "Runners that hold or enter a position.", registry=registry)

    def observe(self, message: AnyMessage) -> None:
        """Count a message; most are of no interest here."""
        match message:
            case OrderIntent():
                self._intents.labels(message.kind).inc()
            case ApprovedOrder():
                self._approved.labels(message.kind).inc()
                if message.kind is IntentKind.EXIT and PROTECTIVE_MARK in message.id:
                    self._protective.labels(message.symbol).inc()
            case OrderRefused():
                self._rejected.labels(message.reason).inc()
            case ApprovedCancel():
                self._cancels.inc()
            case Fill():
                self._fills.labels(message.symbol).inc()
            case PositionChanged():
                self._position.labels(message.strategy, message.symbol).set(float(message.quantity))
                self._average.labels(message.strategy, message.symbol).set(float(message.average_price))
            case AccountChanged():
                self._realised.labels(message.currency).set(float(message.realised_pnl))
                self._cash.labels(message.currency).set(float(message.cash))
                self._fees.labels(message.currency).set(float(message.fees))
                self._open.set(message.open_positions)
            case _:
                pass
