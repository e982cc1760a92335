"""The container's health check against real metrics pages."""

import socket
from collections.abc import Callable, Iterator
from typing import override

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from common.config.endpoints import PORTS
from common.metrics import MetricsServer
from deploy import healthcheck

type Serve = Callable[[str, float], int]


class Page(Collector):
    """What a service's page says about its health; no state at all for an empty one."""

    def __init__(self, state: str, age_s: float) -> None:
        self._state, self._age_s = state, age_s

    @override
    def collect(self) -> Iterator[Metric]:
        states = GaugeMetricFamily("service_state", "State.", labels=["service", "state"])
        for each in ("starting", "ready") if self._state else ():
            states.add_metric(["signal", each], float(each == self._state))
        age = GaugeMetricFamily("service_health_age_seconds", "Age.", labels=["service"])
        age.add_metric(["signal"], self._age_s)
        yield from (states, age)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves a page and returns its port."""
    servers: list[MetricsServer] = []

    def start(state: str, age_s: float) -> int:
        registry = CollectorRegistry(auto_describe=True)
        registry.register(Page(state, age_s))
        servers.append(MetricsServer("127.0.0.1", 0, registry))
        return servers[-1].port

    yield start
    for server in servers:
        server.close()


def test_ready_service_is_healthy(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    assert healthcheck.main([str(serve("ready", 0.4))]) == 0
    assert 'state="ready"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("state", "age_s", "said"),
    [
        ("starting", 0.4, 'state="starting"'),
        ("ready", 60.0, "its loop has hung for 60 s"),
        ("", 0.4, "has not said how it is"),
    ],
)
def test_anything_else_is_unhealthy(
    serve: Serve, capsys: pytest.CaptureFixture[str], state: str, age_s: float, said: str
) -> None:
    assert healthcheck.main([str(serve(state, age_s))]) == 1
    assert said in capsys.readouterr().out


def test_nobody_there_is_unhealthy(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert healthcheck.main([str(closed.getsockname()[1])]) == 1
    assert "nobody serves metrics" in capsys.readouterr().out


def test_silent_server_is_unhealthy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(healthcheck, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert healthcheck.main([str(silent.getsockname()[1])]) == 1
    assert "TimeoutError" in capsys.readouterr().out


def test_first_served_port_of_the_table_is_asked(serve: Serve) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert "ready" in healthcheck.check([closed.getsockname()[1], serve("ready", 0.0)])


def test_every_service_has_its_port_in_the_table() -> None:
    assert {ports.metrics for ports in PORTS.values()} <= set(healthcheck.PORTS)
