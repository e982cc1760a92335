"""The part of a shell that every service has: its sockets, heartbeats, health, status command and metrics."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import zmq

from common.bus.commands import CommandServer
from common.bus.frames import HALT_TOPIC, HEALTH_TOPIC
from common.bus.publisher import Publisher
from common.bus.security import Security
from common.clock import WallClock, monotonic_ns
from common.config.endpoints import all_endpoints, is_private
from common.config.models import Config
from common.journal import Journal
from common.latency import LatencyCounts
from common.messages import AnyMessage, Halt, Health, HealthState
from common.runner import EventLoop

HEALTH_INTERVAL_NS = 1_000_000_000
LAG_WARNING = 10_000
"""Messages behind at which a subscriber counts as slow."""


class ServiceError(Exception):
    """A service cannot start or go on; the text says what to change."""


class BusService:
    """A named participant of the bus, in a loop. `health` and `details` are asked for its state and status."""

    def __init__(
        self, loop: EventLoop, config: Config, name: str, *, outbox: Journal | None = None, ring_size: int = 4_096
    ) -> None:
        self.loop, self.config, self.name = loop, config, name
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.endpoints = all_endpoints(config)
        self.security = self._load_security()
        own = self.endpoints[name]
        wall = WallClock()
        try:
            self.publisher = Publisher(
                self.context,
                own.bind_publish,
                wall,
                ring_size=ring_size,
                outbox=outbox,
                security=self.server_security(own.bind_publish),
            )
            self.commands = CommandServer(self.context, own.bind_command, wall, self.server_security(own.bind_command))
        except zmq.ZMQError as error:
            raise ServiceError(
                f"{name}: cannot bind {own.bind_publish} and {own.bind_command} "
                f"({name}.zmq_publish_address, zmq_command_address): {error.strerror}"
            ) from error
        self.wall = wall
        self._started_ns = monotonic_ns()
        self.assessed_ns = self._started_ns
        self._last_input_ns: int | None = None
        self._subscribers: dict[str, dict[str, Any]] = {}
        self.state = HealthState.STARTING
        self.assess: Callable[[], tuple[HealthState, str]] = lambda: (HealthState.READY, "")
        self.details: Callable[[], dict[str, Any]] = dict
        self.counters: Callable[[], dict[str, int]] = dict
        self.counted: dict[str, int] = {}
        self.hops = LatencyCounts()
        self._wire()

    def _wire(self) -> None:
        self.loop.add_reader(self.commands.socket, self._serve)
        self.loop.every(self.config.engine.heartbeat_interval_ms * 1_000_000, self._beat)
        self.loop.every(HEALTH_INTERVAL_NS, self.publish_health)
        self.commands.on("stream.replay", self.publisher.replay)
        self.commands.on("stream.seen", self._seen)
        self.commands.on("status", lambda _arguments, _request_id: self.status())
        self.commands.on("stop", self._stop, changes_state=True)

    def server_security(self, address: str) -> Security | None:
        """Return the keys a socket bound to `address` needs; None on loopback and ipc."""
        return None if is_private(address) else self.security

    def touched(self) -> None:
        """Note that an input was just handled."""
        self._last_input_ns = monotonic_ns()

    def publish_health(self) -> None:
        """Assess oneself and tell it."""
        self.state, detail = self.assess()
        self.assessed_ns, self.counted = monotonic_ns(), self.counters()
        now_ns = self.wall.now_ns()
        health = Health(
            service=self.name,
            state=self.state,
            detail=detail,
            pid=os.getpid(),
            uptime_ms=self.uptime_ms(),
            last_message_age_ms=self.last_message_age_ms(),
            counters=self.counted,
            event_ns=now_ns,
            received_ns=now_ns,
        )
        self.publisher.send_unkept(HEALTH_TOPIC + self.name, health)

    def status(self) -> dict[str, Any]:
        """Return everything about this service that a person may ask for, in plain types."""
        self.state, detail = self.assess()
        return {
            "service": self.name,
            "state": self.state.value,
            "detail": detail,
            "pid": os.getpid(),
            "uptime_ms": self.uptime_ms(),
            "last_message_age_ms": self.last_message_age_ms(),
            "published": self.publisher.published,
            "counters": self.counters(),
            "subscribers": self._subscribers,
            **self.details(),
        }

    def halt(self, error: str) -> None:
        """Tell everybody that a bug was met; the caller ends the process."""
        now_ns = self.wall.now_ns()
        message: AnyMessage = Halt(service=self.name, error=error, event_ns=now_ns, received_ns=now_ns)
        self.publisher.send_unkept(HALT_TOPIC + self.name, message)

    def uptime_ms(self) -> int:
        """Return how long this process has lived."""
        return (monotonic_ns() - self._started_ns) // 1_000_000

    def last_message_age_ms(self) -> int | None:
        """Return how long ago the last input was handled, None before the first."""
        return None if self._last_input_ns is None else (monotonic_ns() - self._last_input_ns) // 1_000_000

    def slow_subscribers(self) -> list[str]:
        """Return the readers that are more than LAG_WARNING messages behind."""
        return [name for name, seen in self._subscribers.items() if seen["lag"] > LAG_WARNING]

    def close(self) -> None:
        """Close all sockets; what is queued gets a bounded time."""
        self.publisher.close()
        self.commands.close()
        if self.security is not None:
            self.security.close()
        self.context.term()

    def _load_security(self) -> Security | None:
        binds = [address for end in self.endpoints.values() for address in (end.bind_publish, end.bind_command)]
        if all(is_private(address) for address in binds):
            return None
        folder = self.config.engine.keys_dir
        if not folder:
            raise ServiceError(
                f"engine.keys_dir: expected a folder of keys (orrery keygen), found none, though {binds} reach beyond loopback"
            )
        return Security(self.context, Path(folder), self.name)

    def _serve(self) -> None:
        self.commands.serve()

    def _beat(self) -> None:
        self.publisher.heartbeat(self.name)

    def _seen(self, arguments: dict[str, Any], _request_id: str) -> None:
        """Take a reader's sign of life with the numbers it has reached."""
        lag = self.publisher.lag_behind(arguments["cursors"])
        self._subscribers[str(arguments["subscriber"])] = {
            "lag": lag,
            "seen_ms": self.uptime_ms(),
            "takes_market_data": bool(arguments["takes_market_data"]),
        }

    def largest_lag(self, expected: Iterable[str]) -> int | None:
        """Return how far the slowest of these readers is behind; None while one of them takes no market data yet."""
        oldest_ms = self.uptime_ms() - self.config.engine.peer_timeout_ms
        found = [self._subscribers.get(name) for name in expected]
        if any(seen is None or not seen["takes_market_data"] or seen["seen_ms"] < oldest_ms for seen in found):
            return None
        return max((seen["lag"] for seen in found if seen is not None), default=0)

    def _stop(self, _arguments: dict[str, Any], _request_id: str) -> str:
        self.loop.stop()
        return "stopping"
