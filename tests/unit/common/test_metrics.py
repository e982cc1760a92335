"""The metrics page is served, closed, and says so when its port is taken."""

import urllib.request
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry, Counter

from common.metrics import LATENCY_BUCKETS_SECONDS, MetricsError, serve_metrics


def read(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
        body: bytes = page.read()
    return body.decode()


def test_a_registry_is_served_until_it_is_closed(free_ports: Callable[[int], list[int]]) -> None:
    registry = CollectorRegistry()
    Counter("risk_orders", "Orders.", registry=registry).inc(3)
    (port,) = free_ports(1)
    for _ in range(2):
        with serve_metrics("127.0.0.1", port, service="risk_manager", registry=registry) as server:
            assert "risk_orders_total 3.0" in read(server.port)


def test_the_default_registry_has_the_process_itself() -> None:
    with serve_metrics("127.0.0.1", 0, service="signal") as server:
        text = read(server.port)
    assert "process_cpu_seconds_total" in text
    assert "process_resident_memory_bytes" in text


def test_a_taken_port_names_service_key_and_port() -> None:
    with (
        serve_metrics("127.0.0.1", 0, service="signal") as server,
        pytest.raises(MetricsError) as caught,
    ):
        serve_metrics("127.0.0.1", server.port, service="risk_manager")
    assert str(caught.value) == (
        f"risk_manager: risk.metrics_port: expected a free address, found 127.0.0.1:{server.port}: "
        "Address already in use"
    )


def test_buckets_rise() -> None:
    assert list(LATENCY_BUCKETS_SECONDS) == sorted(set(LATENCY_BUCKETS_SECONDS))
