"""The alerts' metrics: what was told, what is firing, and how the channels fare."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.registry import CollectorRegistry

from services.alerts.core.alert import Severity
from services.alerts.core.alerts_core import firing_by_severity
from services.alerts.core.letters import News
from services.alerts.core.watch import BY_KIND


class AlertsMetrics:
    """Counts into a registry; labels are kinds, severities and the names of channels only."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._told = Counter("alerts_told", "News told, by alert.", ["kind", "severity"], registry=registry)
        self._firing = Gauge("alerts_firing", "Alerts that go on.", ["severity"], registry=registry)
        self._delivered = Counter("alerts_delivered", "Messages delivered.", ["channel"], registry=registry)
        self._failed = Counter("alerts_failed", "Messages given up after retries.", ["channel"], registry=registry)
        self._held = Gauge(
            "alerts_held_back", "Messages kept back by the rate limit so far.", ["channel"], registry=registry
        )
        self._dropped = Gauge(
            "alerts_dropped", "Messages lost because too many waited.", ["channel"], registry=registry
        )
        self._waiting = Gauge("alerts_undelivered", "Messages on their way.", registry=registry)
        for alert in BY_KIND.values():
            self._told.labels(alert.kind, alert.severity)
        for severity in Severity:
            self._firing.labels(severity)

    def told(self, news: News) -> None:
        """Count something that was told."""
        self._told.labels(news.kind, news.severity).inc()

    def outcome(self, channel: str, problem: str) -> None:
        """Count a message that was delivered or given up."""
        (self._failed if problem else self._delivered).labels(channel).inc()

    def sample(self, status: Mapping[str, Any]) -> None:
        """Take the gauges from the core's status."""
        for severity, count in firing_by_severity(dict(status)).items():
            self._firing.labels(severity).set(count)
        for name, channel in status["channels"].items():
            self._held.labels(name).set(channel["held_total"])
            self._dropped.labels(name).set(channel["dropped"])
        self._waiting.set(status["undelivered"])
