"""The thin shell around a pure core: journal the input, tell the core, journal its answers, publish them.

How it works: an input is appended to the inbox before the core is told. What the core answers is staged in the outbox;
inbox, then outbox, are flushed before anything is sent. So whatever others have heard can be redone: after a crash the
core is rebuilt from the latest snapshot and the inputs behind it, the answers it gives again are compared with the
outbox record by record, and what the crash kept from the outbox is put there and sent. A disk that refuses a write
stops the intake, not the service: nothing is sent until the write has succeeded.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import zmq

from common.bus.frames import Received
from common.bus.peers import Peer, Peers
from common.bus.subscriber import Subscriber
from common.bus_service import BusService
from common.clock import Clock, monotonic_due
from common.codec import UndecodableError, decode, encode
from common.config.endpoints import is_private
from common.config.models import Config
from common.core import Core
from common.inputs import Input, InputKind, encode_input
from common.journal import Journal, JournalWriteError
from common.logs import get_logger
from common.messages import AnyMessage, HealthState, InputGap, OperatorCommand
from common.recovery import RecoveredState, recover
from common.routes import HEARS, Retention, publisher_of, retention_of, topic_of
from common.runner import EventLoop
from common.snapshots import Snapshot, SnapshotStore

FLUSH_INTERVAL_NS = 100_000_000
"""How long inputs without consequence may wait in memory; they are asked for again after a crash."""
RETRY_INTERVAL_NS = 500_000_000
UPKEEP_INTERVAL_NS = 100_000_000
SEEN_INTERVAL_NS = 500_000_000
SEEN_EVERY = 1_000
"""Messages after which publishers are told how far we are; a replay waits for its readers by it."""

_log = get_logger("shell")


class Observer(Protocol):
    """A service's metrics: a projection of the messages that go in and out."""

    def observe(self, message: AnyMessage) -> None:
        """Count a message."""
        ...


class PoisonError(Exception):
    """Order flow that cannot be decoded: it must not be skipped, so the service stops before it."""


class JournaledService:
    """One core on the bus. `journaled_topic` is the one topic of order flow it publishes."""

    def __init__(  # noqa: PLR0913 - the parts a service is wired from; each has one owner
        self,
        loop: EventLoop,
        config: Config,
        name: str,
        core: Core,
        *,
        clock: Clock,
        journaled_topic: str,
        metrics: Observer | None = None,
        appeared: dict[str, list[tuple[str, dict[str, Any]]]] | None = None,
    ) -> None:
        """Open the journals, rebuild the core, bind and connect.

        Raises:
            JournalError, KeysError, ServiceError: with a sentence that says what to change.
        """
        folder = Path(config.engine.data_dir) / name
        options = {"segment_bytes": config.engine.journal_segment_bytes, "sync": config.engine.durability == "power"}
        self.inbox = Journal(folder / "inbox", **options)
        self.outbox = Journal(folder / "outbox", **options)
        self.snapshots = SnapshotStore(folder / "snapshots")
        self.core, self.clock, self._config, self._metrics = core, clock, config, metrics
        recovered = recover(core, self.inbox, self.outbox, self.snapshots)
        clock.seen(recovered.now_ns)
        self._taken = dict(recovered.cursors)
        self._since_snapshot = recovered.redone
        self._unsent: list[Callable[[], None]] = []
        self._blocked = ""
        self._unseen = 0
        self.bus = BusService(loop, config, name, outbox=self.outbox)
        self.bus.publisher.open_journaled(journaled_topic)
        self.subscriber = self._connect(appeared or {})
        self.subscriber.resume(self._taken)
        self.bus.assess, self.bus.details, self.bus.counters = self._assess, self._details, self._counters
        self._wire(loop)
        self._report(recovered)

    def _connect(self, appeared: dict[str, list[tuple[str, dict[str, Any]]]]) -> Subscriber:
        bus = self.bus
        socket = bus.context.socket(zmq.SUB)
        names = list(dict.fromkeys(publisher_of(topic) for topic in HEARS[bus.name]))
        peers = []
        for name in names:
            end = bus.endpoints[name]
            command = bus.context.socket(zmq.DEALER)
            if bus.security is not None and not is_private(end.bind_publish):
                bus.security.protect_client(socket, name)
                bus.security.protect_client(command, name)
            peers.append((Peer(name, command), end))
        subscriber = Subscriber(
            socket,
            Peers([peer for peer, _ in peers], self.bus.wall, self._config.engine.peer_timeout_ms),
            bus.name,
        )
        subscriber.peers.on_appeared = appeared
        for peer, end in peers:
            if bus.security is not None and not is_private(end.bind_publish):
                bus.security.protect_client(socket, peer.name)
            socket.connect(end.connect_publish)
            peer.socket.connect(end.connect_command)
        return subscriber

    def _wire(self, loop: EventLoop) -> None:
        loop.add_reader(self.subscriber.socket, self._on_bus)
        for socket in self.subscriber.peers.sockets():
            loop.add_reader(socket, self._on_bus)
        loop.when_due(self._core_due, self._on_core_deadline)
        loop.every(FLUSH_INTERVAL_NS, self._flush_inbox)
        loop.every(UPKEEP_INTERVAL_NS, self._upkeep)
        loop.every(RETRY_INTERVAL_NS, self._retry)
        loop.every(SEEN_INTERVAL_NS, self._tell_seen)

    def allow_operator(self, *names: str) -> None:
        """Let operators send these commands to the core; each is journaled and answered once."""
        for name in names:
            self.bus.commands.on(name, self._operator(name), changes_state=True)

    def _operator(self, name: str) -> Callable[[dict[str, Any], str], Any]:
        def handle(arguments: dict[str, Any], request_id: str) -> dict[str, Any]:
            now_ns = self.clock.now_ns()
            command = OperatorCommand(
                id=request_id,
                service=self.bus.name,
                name=name,
                arguments={str(key): str(value) for key, value in arguments.items()},
                event_ns=now_ns,
                received_ns=now_ns,
            )
            self._take(Input(InputKind.COMMAND, now_ns, payload=encode(command)), command)
            return self.core.status()

        return handle

    def _on_bus(self) -> None:
        if self._blocked:
            return
        arrived = self.subscriber.drain()
        for received in arrived:
            self._take_received(received)
        self._unseen += len(arrived)
        if self._unseen >= SEEN_EVERY:
            self._tell_seen()
        for topic, missing in self.subscriber.take_lost():
            now_ns = self.clock.now_ns()
            gap = InputGap(topic=topic, missing=missing, event_ns=now_ns, received_ns=now_ns)
            self._take(Input(InputKind.MESSAGE, now_ns, payload=encode(gap)), gap)
        if self._since_snapshot >= self._config.engine.snapshot_every:
            self.save_snapshot()

    def _take_received(self, received: Received) -> None:
        try:
            message = decode(received.payload)
        except UndecodableError as error:
            if retention_of(received.topic) is Retention.JOURNAL:
                text = f"{received.topic} #{received.number} cannot be decoded and must not be skipped: {error}"
                raise PoisonError(text) from error
            self.subscriber.undecodable += 1
            self.subscriber.last_error = f"{received.topic} #{received.number}: {error}"
            return
        self.clock.seen(message.event_ns)
        now_ns = self.clock.now_ns()
        topic, incarnation, number, sent_ns, payload = received
        self.bus.hops.observe(self.bus.wall.now_ns() - sent_ns)
        self._taken[topic] = (incarnation, number)
        self._take(Input(InputKind.MESSAGE, now_ns, topic, incarnation, number, payload), message)

    def _take(self, recorded: Input, message: AnyMessage) -> None:
        self.inbox.append(encode_input(recorded))
        self._since_snapshot += 1
        outputs = self.core.handle(message, recorded.now_ns)
        self.bus.touched()
        if self._metrics is not None:
            self._metrics.observe(message)
        if outputs:
            self._emit(outputs)

    def _emit(self, outputs: Sequence[AnyMessage]) -> None:
        publisher, durable = self.bus.publisher, False
        for message in outputs:
            topic = topic_of(message)
            assert topic is not None, f"a core may not emit {type(message).__name__}"
            if retention_of(topic) is Retention.JOURNAL:
                self._unsent.append(publisher.stage(message))
                durable = True
            else:
                self._unsent.append(lambda message=message: publisher.publish(message))  # type: ignore[misc]  # a bound copy
            if self._metrics is not None:
                self._metrics.observe(message)
        if durable or self._blocked:
            self._make_durable_and_send()
        else:
            self._send_all()

    def _make_durable_and_send(self) -> None:
        try:
            self.inbox.flush()
            self.outbox.flush()
        except JournalWriteError as error:
            if not self._blocked:
                _log.error(
                    "journal refuses writes; intake stopped, nothing is sent until it succeeds", error=str(error)
                )
            self._blocked = str(error)
            return
        if self._blocked:
            _log.warning("journal takes writes again")
        self._blocked = ""
        self._send_all()

    def _send_all(self) -> None:
        unsent, self._unsent = self._unsent, []
        for send in unsent:
            send()

    def _flush_inbox(self) -> None:
        if self.inbox.has_unflushed and not self._blocked:
            self._make_durable_and_send()

    def _retry(self) -> None:
        if self._blocked:
            self._make_durable_and_send()
            self._on_bus()

    def _core_due(self) -> int | None:
        return None if self._blocked else monotonic_due(self.core.next_deadline_ns(), self.clock)

    def _on_core_deadline(self) -> None:
        now_ns = self.clock.now_ns()
        self.inbox.append(encode_input(Input(InputKind.DEADLINE, now_ns)))
        self._since_snapshot += 1
        outputs = self.core.on_deadline(now_ns)
        if outputs:
            self._emit(outputs)

    def _upkeep(self) -> None:
        self._on_bus()
        if not self.subscriber.gate_open and self.subscriber.order_flow_synced():
            self.subscriber.open_gate()

    def _tell_seen(self) -> None:
        seen = {
            "subscriber": self.bus.name,
            "cursors": self.subscriber.cursors(),
            "takes_market_data": self.subscriber.gate_open,
        }
        self._unseen = 0
        for name in self.subscriber.publishers():
            self.subscriber.peers.tell(name, "stream.seen", seen)

    def save_snapshot(self) -> None:
        """Write the state down, so that a restart need not redo all inputs; a failure is logged and tried later."""
        try:
            self.inbox.flush()
            self.outbox.flush()
            snapshot = Snapshot(
                number=self.inbox.last_number,
                outputs=self.outbox.last_number,
                now_ns=self.clock.now_ns(),
                cursors=self._taken,
                core=self.core.snapshot(),
            )
            self.snapshots.save(snapshot)
        except (OSError, JournalWriteError) as error:
            _log.error("snapshot not written; the journal keeps everything", error=str(error))
            self._since_snapshot = 0
            return
        self._since_snapshot = 0
        self.inbox.drop_before(self.snapshots.oldest_number() + 1, self._config.engine.journal_keep_segments)

    def _assess(self) -> tuple[HealthState, str]:
        if self.bus.loop.stopping:
            return HealthState.STOPPING, ""
        if self._blocked:
            return HealthState.DEGRADED, self._blocked
        silent = self.subscriber.peers.silent()
        if not self.subscriber.gate_open:
            return HealthState.STARTING, f"waiting for {', '.join(silent) or 'order flow'}"
        if silent:
            return HealthState.DEGRADED, f"nothing heard from {', '.join(silent)}"
        return HealthState.READY, ""

    def _counters(self) -> dict[str, int]:
        own = {key: value for key, value in self.core.status().items() if type(value) is int}
        return {**own, **self.subscriber.statistics(), "inputs": self.inbox.last_number}

    def _details(self) -> dict[str, Any]:
        return {
            "core": self.core.status(),
            "inputs": self.inbox.last_number,
            "outputs": self.outbox.last_number,
            "silent": self.subscriber.peers.silent(),
            "last_error": self.subscriber.last_error,
        }

    def _report(self, recovered: RecoveredState) -> None:
        for repair in (*self.inbox.repairs, *self.outbox.repairs, *self.snapshots.repairs):
            _log.warning("journal repaired", repair=repair)
        _log.info("state restored", inputs=self.inbox.last_number, redone=recovered.redone, resent=recovered.completed)

    def close(self) -> None:
        """Say goodbye, write the state down, close everything."""
        self.bus.state = HealthState.STOPPING
        self.bus.publish_health()
        self.save_snapshot()
        self.subscriber.socket.close(linger=0)
        self.subscriber.peers.close()
        self.inbox.close()
        self.outbox.close()
        self.bus.close()
