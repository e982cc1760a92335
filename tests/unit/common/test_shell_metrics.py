"""The metrics of every service: counters with their names, the state, readers' lags, the hop histogram; errors on binding."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from common.bus.security import KeysError, generate_keys
from common.bus_service import BusService, ServiceError
from common.config.models import Config, MarketDataSection
from common.messages import HealthState
from common.routes import MARKET_DATA
from common.runner import EventLoop
from common.shell_metrics import TOTALS, BusCollector
from orrery.ports import free_ports
from tests.integration.bus.tiny_core import quote


def config(publish: str, command: str, **engine: object) -> Config:
    section = MarketDataSection(zmq_publish_address=publish, zmq_command_address=command)
    return Config.model_validate({"engine": engine, "market_data": section.model_dump()})


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    made = EventLoop()
    yield made
    made.close()


@pytest.fixture
def bus(loop: EventLoop, tmp_path: Path) -> Iterator[BusService]:
    made = BusService(loop, config(f"ipc://{tmp_path}/p", f"ipc://{tmp_path}/c"), MARKET_DATA)
    yield made
    made.close()


type Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(bus: BusService) -> Samples:
    """Return every sample as Prometheus reads it: (name, labels without `service`) to value."""
    registry = CollectorRegistry()
    registry.register(BusCollector(bus))
    found: Samples = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            assert sample.labels["service"] == MARKET_DATA
            labels = tuple(sorted((key, value) for key, value in sample.labels.items() if key != "service"))
            found[sample.name, labels] = sample.value
    return found


def test_totals_are_counters_with_their_names(bus: BusService) -> None:
    bus.counters = lambda: {**{name: number for number, name in enumerate(TOTALS, 1)}, "something_else": 99}
    bus.publisher.publish(quote(1))
    bus.publish_health()
    found = scrape(bus)
    for number, (name, _) in enumerate(TOTALS.values(), 1):
        assert found[f"{name}_total", ()] == number
    assert found["bus_published_total", ()] == 1
    assert found["bus_commands_served_total", ()] == 0
    assert found["bus_strangers_refused_total", ()] == 0
    assert 99 not in found.values()


def test_what_a_service_does_not_count_is_not_exported(bus: BusService) -> None:
    bus.publish_health()
    assert ("bus_gaps_total", ()) not in scrape(bus)


def test_the_state_and_the_version_are_shown(bus: BusService) -> None:
    bus.assess = lambda: (HealthState.DEGRADED, "why")
    bus.publish_health()
    found = scrape(bus)
    states = {labels[0][1]: value for (name, labels), value in found.items() if name == "service_state"}
    assert states == {"starting": 0, "ready": 0, "degraded": 1, "stopping": 0}
    [info] = [labels for name, labels in found if name == "service_info"]
    assert [key for key, _ in info] == ["version"]
    assert found["service_uptime_seconds", ()] >= 0
    assert ("service_last_message_age_seconds", ()) not in found
    bus.touched()
    assert ("service_last_message_age_seconds", ()) in scrape(bus)


def test_lags_of_readers_are_as_of_the_latest_look(bus: BusService) -> None:
    bus.publisher.publish(quote(1))
    incarnation = bus.publisher._process_incarnation
    bus.readers.seen({"subscriber": "signal", "cursors": {"quote.BTCUSDT": [incarnation, 0]}}, bus.uptime_ms())
    key = ("bus_subscriber_lag_messages", (("subscriber", "signal"),))
    assert key not in scrape(bus)
    bus.publish_health()
    assert scrape(bus)[key] == 1


def test_hops_are_a_histogram(bus: BusService) -> None:
    for latency_ns in (-5, 9_000, 30_000, 10**12):
        bus.hops.observe(latency_ns)
    found = scrape(bus)
    name = "service_hop_latency_seconds"
    assert found[f"{name}_bucket", (("le", "1e-05"),)] == 2
    assert found[f"{name}_bucket", (("le", "5e-05"),)] == 3
    assert found[f"{name}_bucket", (("le", "+Inf"),)] == 4
    assert found[f"{name}_count", ()] == 4
    assert found[f"{name}_sum", ()] == pytest.approx(1_000.000039)


def test_the_status_is_plain_and_whole(bus: BusService) -> None:
    bus.details = lambda: {"core": {"books": 1}}
    status = bus.status()
    assert status["service"] == MARKET_DATA
    assert status["state"] == "ready"
    assert status["pid"] == os.getpid()
    assert status["commands"] == {"served": 0, "undecodable": 0, "unroutable": 0}
    assert status["core"] == {"books": 1}


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_an_address_in_use_is_named_and_left_alone(loop: EventLoop, tmp_path: Path, transport: str) -> None:
    ports = free_ports(2)
    addresses = [f"ipc://{tmp_path}/{port}" if transport == "ipc" else f"tcp://127.0.0.1:{port}" for port in ports]
    first = BusService(loop, config(*addresses), MARKET_DATA)
    reason = f"in use by process {os.getpid()}" if transport == "ipc" else "Address already in use"
    for _ in range(2):
        with pytest.raises(ServiceError, match=rf"market_data: cannot bind {addresses[0]} and .*: {reason}"):
            BusService(EventLoop(), config(*addresses), MARKET_DATA)
    first.close()
    BusService(loop, config(*addresses), MARKET_DATA).close()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"market_data: cannot bind ipc://.*/no/p .*: No such file or directory"):
        BusService(EventLoop(), config(f"ipc://{tmp_path}/no/p", f"ipc://{tmp_path}/no/c"), MARKET_DATA)


def test_beyond_loopback_keys_are_needed(tmp_path: Path) -> None:
    beyond = [f"tcp://0.0.0.0:{port}" for port in free_ports(2)]
    with pytest.raises(ServiceError, match=r"engine\.keys_dir: expected a folder of keys .*tcp://0\.0\.0\.0"):
        BusService(EventLoop(), config(*beyond), MARKET_DATA)
    with pytest.raises(KeysError, match="no secret key of market_data; run `orrery keygen"):
        BusService(EventLoop(), config(*beyond, keys_dir=str(tmp_path)), MARKET_DATA)
    generate_keys(tmp_path)
    bus = BusService(EventLoop(), config(*beyond, keys_dir=str(tmp_path)), MARKET_DATA)
    assert bus.publisher.socket.mechanism == bus.commands.socket.mechanism == 2
    bus.close()
