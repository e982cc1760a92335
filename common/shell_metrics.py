"""The metrics that every service has: what its bus side counts, read when Prometheus asks.

Prometheus asks from another thread, so what the loop keeps changing is taken as of its latest look at itself.
"""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from common.bus_service import BusService
from common.clock import monotonic_ns
from common.messages import HealthState


class BusCollector(Collector):
    """Turns a service's health and counters into metrics; costs the hot path nothing."""

    def __init__(self, bus: BusService) -> None:
        self._bus = bus

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they stand."""
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
        counters = GaugeMetricFamily("service_counter", "Totals of the service.", labels=["service", "counter"])
        for name, value in bus.counted.items():
            counters.add_metric([bus.name, name], value)
        yield counters
        hops = HistogramMetricFamily(
            "service_hop_latency_seconds", "From the sending of a message to its receipt here.", labels=["service"]
        )
        hops.add_metric([bus.name], bus.hops.buckets(), bus.hops.sum_ns / 1e9)
        yield hops


def _gauge(name: str, text: str, service: str, value: float) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, text, labels=["service"])
    gauge.add_metric([service], value)
    return gauge
