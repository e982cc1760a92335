"""The part of a shell that every service has: its sockets, heartbeats, health, status command and metrics."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import zmq

from common.bus.commands import CommandServer
from common.bus.frames import HALT_TOPIC, HEALTH_TOPIC, LINGER_MS
from common.bus.publisher import Publisher
from common.bus.readers import Readers
from common.bus.security import Security
from common.clock import WallClock, monotonic_ns
from common.config.endpoints import Endpoints, all_endpoints, is_private
from common.config.models import Config
from common.durable import LockedError, lock_file
from common.journal import Journal
from common.latency import LatencyCounts
from common.messages import AnyMessage, Halt, Health, HealthState
from common.runner import EventLoop

HEALTH_INTERVAL_NS = 1_000_000_000


class ServiceError(Exception):
    """A service cannot start or go on; the text says what to change."""


class BusService:
    """A named participant of the bus, in a loop. `assess`, `details` and `counters` are asked for its state and status,
    `consumed` for the number it has taken of each topic.

    counted, lags: the counters and the readers' lags as of the latest look at oneself, `assessed_ns` by the monotonic
    clock; other threads read these. hops: from the sending of each message to its receipt here.
    """

    def __init__(
        self, loop: EventLoop, config: Config, name: str, *, outbox: Journal | None = None, ring_size: int = 4_096
    ) -> None:
        """Bind the sockets.

        Raises:
            KeysError, ServiceError: with a sentence that says what to change.
        """
        self.loop, self.config, self.name = loop, config, name
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.endpoints = all_endpoints(config)
        self.wall = WallClock()
        self._claims: list[int] = []
        self.security: Security | None = None
        own = self.endpoints[name]
        try:
            self.security = load_security(self.context, config, name, self.endpoints)
            self.publisher, self.commands = self._bind(own, outbox, ring_size)
        except Exception:
            self._let_go()
            raise
        self.readers = Readers(self.publisher)
        self._started_ns = self.assessed_ns = monotonic_ns()
        self._last_input_ns: int | None = None
        self.state = HealthState.STARTING
        self.assess: Callable[[], tuple[HealthState, str]] = lambda: (HealthState.READY, "")
        self.details: Callable[[], dict[str, Any]] = dict
        self.counters: Callable[[], dict[str, int]] = dict
        self.consumed: Callable[[], dict[str, int]] = dict
        self.counted: dict[str, int] = {}
        self.lags: dict[str, int] = {}
        self.hops = LatencyCounts()
        self._wire()

    def _bind(self, own: Endpoints, outbox: Journal | None, ring_size: int) -> tuple[Publisher, CommandServer]:
        try:
            self._claims = [claim for address in own[:2] if (claim := _claim(address)) is not None]
            publisher = Publisher(
                self.context,
                own.bind_publish,
                self.wall,
                ring_size=ring_size,
                outbox=outbox,
                security=self.server_security(own.bind_publish),
            )
            security = self.server_security(own.bind_command)
            return publisher, CommandServer(self.context, own.bind_command, self.wall, security)
        except (zmq.ZMQError, LockedError, OSError) as error:
            reason = f"in use by process {error}" if isinstance(error, LockedError) else error.strerror
            raise ServiceError(
                f"{self.name}: cannot bind {own.bind_publish} and {own.bind_command} "
                f"({self.name}.zmq_publish_address, zmq_command_address): {reason}"
            ) from error

    def _wire(self) -> None:
        heartbeat_ns = self.config.engine.heartbeat_interval_ms * 1_000_000
        self.loop.add_reader(self.commands.socket, self._serve)
        self.loop.every(heartbeat_ns, lambda: self.publisher.heartbeat(self.name))
        self.loop.every(HEALTH_INTERVAL_NS, self.publish_health)
        self.commands.on("stream.replay", self.publisher.replay)
        self.commands.on("stream.seen", lambda arguments, _id: self.readers.seen(arguments, self.uptime_ms()))
        self.commands.on("status", lambda _arguments, _request_id: self.status())
        # The last number taken, and the last published, of each topic: all equal in all services is rest.
        self.commands.on(
            "watermark",
            lambda _arguments, _id: {"consumed": self.consumed(), "published": self.publisher.last_numbers()},
        )
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
        self.assessed_ns, self.counted, self.lags = monotonic_ns(), self.counters(), self.readers.lags()
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
            "subscribers": self.readers.status(),
            "commands": {
                "served": self.commands.served,
                "undecodable": self.commands.undecodable,
                "unroutable": self.commands.unroutable,
            },
            "strangers": 0 if self.security is None else self.security.strangers,
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
        """Return the readers that are far behind."""
        return self.readers.slow()

    def largest_lag(self, expected: Iterable[str]) -> int | None:
        """Return how far the slowest of these readers is behind; None while one of them takes no market data yet."""
        return self.readers.largest_lag(expected, self.uptime_ms() - self.config.engine.peer_timeout_ms)

    def close(self) -> None:
        """Close all sockets; what is queued gets a bounded time."""
        self.publisher.close()
        self.commands.close()
        self._let_go()

    def _let_go(self) -> None:
        if self.security is not None:
            self.security.close()
        self.context.destroy(linger=LINGER_MS)
        while self._claims:
            os.close(self._claims.pop())

    def _serve(self) -> None:
        self.commands.serve()

    def _stop(self, _arguments: dict[str, Any], _request_id: str) -> str:
        self.loop.stop()
        return "stopping"


def load_security(
    context: "zmq.Context[zmq.Socket[bytes]]", config: Config, name: str, endpoints: dict[str, Endpoints]
) -> Security | None:
    """Return the keys of `name`, None where no address reaches beyond this machine.

    Raises:
        ServiceError: no folder of keys is configured.
        KeysError: the keys are not there.
    """
    binds = [address for end in endpoints.values() for address in (end.bind_publish, end.bind_command)]
    beyond = [address for address in binds if not is_private(address)]
    if not beyond:
        return None
    folder = config.engine.keys_dir
    if not folder:
        raise ServiceError(
            "engine.keys_dir: expected a folder of keys (orrery keygen), found none, though "
            f"{', '.join(beyond)} can be reached from other machines"
        )
    return Security(context, Path(folder), name)


def _claim(address: str) -> int | None:
    """Lock an ipc address: ZeroMQ would take it away from a process that has it, without a word to either."""
    path = address.removeprefix("ipc://")
    if path == address or path.startswith("@"):
        return None
    return lock_file(Path(path + ".lock"))
