"""The services that exist are the services that are deployed and watched."""

import re
from typing import Any

import pytest
import yaml

from common.config.endpoints import PORTS
from common.routes import ALL_SERVICES
from tests.architecture.sources import ROOT, services

COMPOSE = ROOT / "docker-compose.yml"
PROMETHEUS = ROOT / "deploy" / "prometheus" / "prometheus.yml"


def compose_services() -> dict[str, str]:
    """Return the service that each compose service runs, by the compose service's name."""
    compose: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    commands = {name: " ".join(entry.get("command", [])) for name, entry in compose["services"].items()}
    found = {name: re.search(r"-m services\.(\w+)", command) for name, command in commands.items()}
    return {name: match.group(1) for name, match in found.items() if match}


def test_the_routes_name_the_services_that_exist() -> None:
    assert sorted(ALL_SERVICES) == services()
    assert set(PORTS) == set(ALL_SERVICES)


def test_no_two_services_share_a_port() -> None:
    ports = [port for service in PORTS.values() for port in service]
    assert len(set(ports)) == len(ports)


@pytest.mark.skipif(not COMPOSE.is_file(), reason="there is no docker-compose.yml")
def test_compose_runs_every_service() -> None:
    assert sorted(compose_services().values()) == services()


@pytest.mark.skipif(not PROMETHEUS.is_file(), reason="there is no deploy/prometheus/prometheus.yml")
def test_prometheus_scrapes_every_service() -> None:
    jobs = yaml.safe_load(PROMETHEUS.read_text())["scrape_configs"]
    targets = {target for job in jobs for static in job.get("static_configs", []) for target in static["targets"]}
    expected = {f"{name}:{PORTS[service].metrics}" for name, service in compose_services().items()}
    assert expected <= targets
    assert {target for target in targets - expected if target.partition(":")[0] in compose_services()} == set()
