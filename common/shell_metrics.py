"""The metrics that every service has: what its bus side counts, read when Prometheus asks.

Prometheus asks from another thread, so what the loop keeps changing is taken as of its latest look at itself.
"""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import override

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from common.bus_service import BusService
from common.clock import monotonic_ns
from common.messages import HealthState

TOTALS = {
    "received": ("bus_messages_received", "Messages that arrived on the streams it hears."),
    "gaps": ("bus_gaps", "Holes noticed in the numbers of a topic, or at its end by a heartbeat."),
    "recovered": ("bus_recovered", "Messages it got by asking their publisher again."),
    "missing": ("bus_missing_messages", "Messages that were lost and that their publisher no longer kept."),
    "conflated": ("bus_conflated", "Messages passed over because a later one of the topic says it all."),
    "duplicates": ("bus_duplicates", "Messages that came again and were dropped."),
    "restarts": ("bus_publisher_restarts", "Topics whose publisher began its numbers anew."),
    "undecodable": ("bus_undecodable", "Frames and messages that could not be understood."),
    "unanswered": ("bus_unanswered_requests", "Requests to publishers without a usable answer in time."),
    "inputs": ("journal_inputs", "Inputs in its inbox since the journal began."),
    "outputs": ("journal_outputs", "Messages in its outbox since the journal began."),
}
"""Counter of the service to the metric's name (without _total) and description."""


class BusCollector(Collector):
    """Turns a service's health and counters into metrics; costs the hot path nothing."""

    def __init__(self, bus: BusService) -> None:
        self._bus = bus
        try:
            self._version = version("orrery")
        except PackageNotFoundError:
            self._version = "unknown"

    @override
    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they stand."""
        yield InfoMetricFamily("service", "What runs.", {"service": self._bus.name, "version": self._version})
        yield from self._health()
        yield from self._totals()
        yield self._lags()
        bus = self._bus
        hops = HistogramMetricFamily(
            "service_hop_latency_seconds", "From the sending of a message to its receipt here.", labels=["service"]
        )
        hops.add_metric([bus.name], bus.hops.buckets(), bus.hops.sum_ns / 1e9)
        yield hops

    def _health(self) -> Iterator[Metric]:
        bus = self._bus
        state = GaugeMetricFamily("service_state", "1 for the state the service is in.", labels=["service", "state"])
        for candidate in HealthState:
            state.add_metric([bus.name, candidate.value], float(candidate is bus.state))
        yield state
        yield _gauge("service_uptime_seconds", "How long this process has lived.", bus.name, bus.uptime_ms() / 1e3)
        health_age_s = (monotonic_ns() - bus.assessed_ns) / 1e9
        yield _gauge(
            "service_health_age_seconds",
            "Since it last judged itself; grows while its loop hangs.",
            bus.name,
            health_age_s,
        )
        age_ms = bus.last_message_age_ms()
        if age_ms is not None:
            yield _gauge("service_last_message_age_seconds", "Since the last input.", bus.name, age_ms / 1e3)

    def _totals(self) -> Iterator[Metric]:
        bus, counted = self._bus, self._bus.counted
        for counter, (name, text) in TOTALS.items():
            if counter in counted:
                yield _counter(name, text, bus.name, counted[counter])
        yield _counter("bus_published", "Messages sent on its streams.", bus.name, bus.publisher.published)
        yield _counter("bus_commands_served", "Commands and queries answered.", bus.name, bus.commands.served)
        yield _counter("bus_commands_undecodable", "Requests that were none.", bus.name, bus.commands.undecodable)
        yield _counter("bus_replies_unroutable", "Replies whose client had gone.", bus.name, bus.commands.unroutable)
        strangers = 0 if bus.security is None else bus.security.strangers
        yield _counter("bus_strangers_refused", "Connections refused for an unknown key.", bus.name, strangers)

    def _lags(self) -> GaugeMetricFamily:
        text = "How many messages a reader is behind, in the topic where it is furthest behind."
        lags = GaugeMetricFamily("bus_subscriber_lag_messages", text, labels=["service", "subscriber"])
        for subscriber, lag in self._bus.lags.items():
            lags.add_metric([self._bus.name, subscriber], lag)
        return lags


def _gauge(name: str, text: str, service: str, value: float) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, text, labels=["service"])
    gauge.add_metric([service], value)
    return gauge


def _counter(name: str, text: str, service: str, value: float) -> CounterMetricFamily:
    counter = CounterMetricFamily(name, text, labels=["service"])
    counter.add_metric([service], value)
    return counter
