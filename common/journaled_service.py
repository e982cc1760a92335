"""The thin shell around a pure core: sockets into the ledger, the ledger's answers onto the bus, health and status."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.bus.connect import Connector
from common.bus_service import BusService
from common.clock import monotonic_due
from common.conducted import ConductedIntake
from common.config.models import Config
from common.core import Core, Counting
from common.intake import Intake, PoisonError
from common.ledger import Ledger, Observer
from common.messages import HealthState
from common.operators import OperatorDesk
from common.routes import STREAMS, Retention
from common.runner import EventLoop
from common.sessions import scripts_of, start_of, write_start

__all__ = ["JournaledService", "Observer", "PoisonError"]

UPKEEP_INTERVAL_NS = 100_000_000
"""How long inputs without consequence may wait in memory (they are asked for again after a crash), and between two
looks at what is missing."""
SEEN_INTERVAL_NS = 500_000_000


class JournaledService:
    """One core on the bus, publishing the one topic of order flow that the routes give its service."""

    def __init__(
        self, loop: EventLoop, config: Config, name: str, core: Core, *, metrics: Observer | None = None,
        also: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Open the journals, rebuild the core, bind and connect; also: what the core hears of `common.routes.MAY_HEAR`.

        Raises:
            JournalError, DivergenceError, KeysError, ServiceError: with a sentence that says what to change.
        """
        self.core = core
        folder = Path(config.engine.data_dir) / name
        self._clock = clock = loop.clock
        self.ledger = ledger = Ledger(core, folder, config.engine, clock)
        inputs = ledger.inbox.last_number
        base = inputs - ledger.recovered.redone
        scripts = scripts_of(folder, config)
        write_start(folder, start_of(config, inputs=inputs, base=base, began_ns=clock.now_ns(), scripts=scripts))
        self.ledger.observe = None if metrics is None else metrics.observe
        self.bus = bus = BusService(loop, config, name, outbox=self.ledger.outbox)
        self.ledger.publish_by(bus.publisher)
        for topic in _order_flow_of(name):
            bus.publisher.open_journaled(topic)
        connector = Connector(bus.context, bus.endpoints, bus.security, bus.wall, config.engine.peer_timeout_ms)
        self.subscriber = connector.subscriber(name, also)
        self.subscriber.resume(self.ledger.cursors)
        intake = ConductedIntake if loop.is_conducted else Intake
        self.intake = intake(bus, self.subscriber, self.ledger)
        self.desk = OperatorDesk(name, bus.commands, self.ledger)
        self.after_close: Callable[[], None] = lambda: None
        bus.assess, bus.details, bus.counters = self._assess, self._details, self._counters
        bus.consumed = lambda: {topic: number for topic, (_, number) in ledger.cursors.items()}
        self._wire(loop)

    def _wire(self, loop: EventLoop) -> None:
        self.intake.let_flow()
        if not loop.is_conducted:
            loop.when_due(self._core_due, self._on_core_deadline)
        loop.every(UPKEEP_INTERVAL_NS, self.intake.upkeep)
        loop.every(SEEN_INTERVAL_NS, self.intake.tell_seen)

    def allow_operator(self, *names: str) -> None:
        """Let operators send these commands to the core; each is journaled and done once."""
        self.desk.allow(*names)

    def when_appears(self, publisher: str, command: str, arguments: dict[str, Any]) -> None:
        """Send `publisher` a command whenever it appears or starts anew, until it has answered."""
        self.subscriber.peers.on_appeared.setdefault(publisher, []).append((command, arguments))

    def save_snapshot(self) -> None:
        """Write the state down, so that a restart need not redo all inputs."""
        self.ledger.save_snapshot()

    def close(self) -> None:
        """Say goodbye, write the state down, close everything."""
        self.bus.publish_health()
        self.ledger.close()
        self.subscriber.socket.close(linger=0)
        self.subscriber.peers.close()
        self.bus.close()
        self.after_close()

    def _core_due(self) -> int | None:
        return None if self.ledger.blocked else monotonic_due(self.core.next_deadline_ns(), self._clock)

    def _on_core_deadline(self) -> None:
        self.ledger.meet_deadline(self.ledger.now_ns())
        self.ledger.commit()
        self.ledger.save_snapshot_when_due()

    def _assess(self) -> tuple[HealthState, str]:
        if self.bus.loop.stopping:
            return HealthState.STOPPING, ""
        if self.ledger.blocked:
            return HealthState.DEGRADED, self.ledger.blocked
        broken = self.subscriber.table.broken() or [
            f"{reader} has taken more than our journal holds: it lost its tail" for reader in self.bus.readers.ahead()
        ]
        if broken:
            return HealthState.DEGRADED, "; ".join(broken)
        silent = self.subscriber.peers.silent()
        if not self.subscriber.gate_open:
            return HealthState.STARTING, f"waiting for {', '.join(silent) or 'order flow'}"
        if silent:
            return HealthState.DEGRADED, f"nothing heard from {', '.join(silent)}"
        return HealthState.READY, ""

    def _counters(self) -> dict[str, int]:
        core = self.core
        told = core.counters() if isinstance(core, Counting) else core.status()
        own = {key: value for key, value in told.items() if type(value) is int}
        ledger = self.ledger
        totals = {"inputs": ledger.inbox.last_number, "outputs": ledger.outbox.last_number}
        return {**own, **self.subscriber.statistics(), **totals}

    def _details(self) -> dict[str, Any]:
        return {
            "core": self.core.status(),
            "inputs": self.ledger.inbox.last_number,
            "outputs": self.ledger.outbox.last_number,
            "silent": self.subscriber.peers.silent(),
            "last_error": self.subscriber.last_error or self.subscriber.peers.last_error,
        }


def _order_flow_of(service: str) -> list[str]:
    return [
        topic for topic, (owner, retention) in STREAMS.items() if (owner, retention) == (service, Retention.JOURNAL)
    ]
