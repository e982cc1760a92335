"""From the configuration to addresses: the table of ports, and what binds where."""

from typing import NamedTuple
from urllib.parse import urlsplit

from common.config.models import Config, EndpointSection
from common.routes import ALERTS, ALL_SERVICES, EVENT_STORE, EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL


class Ports(NamedTuple):
    """A service's default TCP ports."""

    publish: int
    command: int
    metrics: int


PORTS = {
    MARKET_DATA: Ports(5555, 5655, 9101),
    SIGNAL: Ports(5556, 5656, 9102),
    RISK_MANAGER: Ports(5557, 5657, 9103),
    EXECUTION: Ports(5558, 5658, 9104),
    EVENT_STORE: Ports(5560, 5660, 9106),
    ALERTS: Ports(5562, 5662, 9109),
}


class Endpoints(NamedTuple):
    """Where a service binds, and where others connect to it."""

    bind_publish: str
    bind_command: str
    connect_publish: str
    connect_command: str
    metrics_host: str
    metrics_port: int


def section_of(config: Config, service: str) -> EndpointSection:
    """Return the config section of a service."""
    sections: dict[str, EndpointSection] = {
        MARKET_DATA: config.market_data,
        SIGNAL: config.signal,
        RISK_MANAGER: config.risk,
        EXECUTION: config.execution,
        EVENT_STORE: config.event_store,
        ALERTS: config.alerts,
    }
    return sections[service]


def endpoints(config: Config, service: str) -> Endpoints:
    """Return the addresses of a service."""
    section, ports = section_of(config, service), PORTS[service]
    publish = section.zmq_publish_address or f"tcp://127.0.0.1:{ports.publish}"
    command = section.zmq_command_address or f"tcp://127.0.0.1:{ports.command}"
    return Endpoints(
        bind_publish=publish,
        bind_command=command,
        connect_publish=_reachable(publish, section.host),
        connect_command=_reachable(command, section.host),
        metrics_host=section.metrics_host,
        metrics_port=section.metrics_port or ports.metrics,
    )


def all_endpoints(config: Config) -> dict[str, Endpoints]:
    """Return the addresses of every service."""
    return {service: endpoints(config, service) for service in ALL_SERVICES}


def _reachable(address: str, host: str) -> str:
    if not address.startswith("tcp://"):
        return address
    port = address.rpartition(":")[2]
    bound = urlsplit(address).hostname or ""
    wildcard = bound in ("", "*", "0.0.0.0", "::")  # noqa: S104 - compared, not bound
    return f"tcp://{host or ('127.0.0.1' if wildcard else bound)}:{port}"


def is_private(address: str) -> bool:
    """Return whether an address can be reached from this machine only (ipc, inproc, loopback)."""
    if not address.startswith("tcp://"):
        return True
    host = urlsplit(address).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
