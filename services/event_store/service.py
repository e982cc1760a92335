"""The event store's shell: everything that is said on the bus, into the log; nobody waits for it.

How it works: it reads the streams like any service, with cursors of its own, so that a hole is asked for and filled, and
a restart goes on behind the last event in the log. Beside them it hears what services say of themselves (health, halts,
operators' commands), which nobody keeps: of that it stores what it hears.
"""

import os
from pathlib import Path
from typing import Any

import zmq

from common.bus.connect import Connector
from common.bus.frames import HALT_TOPIC, HEALTH_TOPIC, OPERATOR_TOPIC, HeaderError, Received, decode_header
from common.bus_service import BusService
from common.codec import UndecodableError, decode
from common.config.load import LoadedConfig
from common.config.models import Config
from common.journal import JournalError
from common.logs import get_logger
from common.messages import Health, HealthState, InputGap
from common.routes import EVENT_STORE, MAY_HEAR, SERVICES, publisher_of
from common.runner import EventLoop
from services.event_store.adapters.event_log import EventLog, settings_of
from services.event_store.adapters.projected import ProjectedLog
from services.event_store.adapters.recorder import Recorder
from services.event_store.core.notices import Notices
from services.event_store.metrics import OracleMetrics

GAP_TOPIC = "gap"
UPKEEP_INTERVAL_NS = 100_000_000
SEEN_INTERVAL_NS = 500_000_000
SAMPLE_INTERVAL_NS = 1_000_000_000
PROJECT_INTERVAL_NS = 100_000_000
PROJECT_AT_ONCE = 2_000
"""Events folded before the sockets are looked at again: a few milliseconds."""
RETENTION_INTERVAL_NS = 60_000_000_000
LAST_LOOKS = 100
"""Looks at the sockets when it is told to stop, so that what is under way to it is still stored."""
LAST_WAIT_MS = 20

_log = get_logger("event_store")


class EventStoreService:
    """The store on the bus."""

    def __init__(self, loop: EventLoop, config: Config, metrics: OracleMetrics) -> None:
        """Open the log, bind and connect.

        Raises:
            JournalError, KeysError, ServiceError: with a sentence that says what to change.
        """
        section, engine = config.event_store, config.engine
        self._loop, self._metrics = loop, metrics
        self.log = log = EventLog(Path(engine.data_dir) / EVENT_STORE, settings_of(engine, section))
        try:
            self.bus = bus = BusService(loop, config, EVENT_STORE)
        except BaseException:
            log.journal.abandon()
            raise
        self.recorder = Recorder(log, section, metrics, bus)
        connector = Connector(bus.context, bus.endpoints, bus.security, bus.wall, engine.peer_timeout_ms)
        self.subscriber = connector.subscriber(EVENT_STORE, MAY_HEAR[EVENT_STORE] if section.books else ())
        self.subscriber.resume(log.sequencer.cursors())
        self.subscriber.open_gate()
        self._projected = _projected(log)
        self._news = Notices()
        self._notices = connector.listener(
            [(name, topic + name) for name in SERVICES for topic in (HEALTH_TOPIC, HALT_TOPIC, OPERATOR_TOPIC)]
        )
        self._flows = self._synced_once = False
        bus.assess, bus.details, bus.counters = self._assess, self._details, self._counters
        self._wire(shortens=bool(section.keep_hours or section.keep_bytes))

    def _wire(self, *, shortens: bool) -> None:
        log, loop, recorder = self.log, self._loop, self.recorder
        for repair in log.repairs:
            _log.warning("store repaired", repair=repair)
        _log.info("store opened", events=log.committed, hash=log.sequencer.hash.hex(), read=log.recovered)
        self._say_health(
            HealthState.STARTING, f"opened at event {log.committed}; {'; '.join(log.repairs)}".rstrip("; ")
        )
        recorder.sample()
        self._let_flow()
        loop.when_due(recorder.due_ns, self._commit)
        loop.every(UPKEEP_INTERVAL_NS, self._upkeep)
        loop.every(SEEN_INTERVAL_NS, self._tell_seen)
        loop.every(SAMPLE_INTERVAL_NS, recorder.sample)
        loop.every(PROJECT_INTERVAL_NS, self._project)
        if shortens:
            loop.every(RETENTION_INTERVAL_NS, recorder.shorten)

    def close(self) -> None:
        """Store what is still under way, say goodbye, close everything."""
        for _ in range(LAST_LOOKS):
            self._take_notices()
            self._take(self.subscriber.drain())
            if self.log.blocked or not self.subscriber.socket.poll(LAST_WAIT_MS):
                break
        self.bus.publish_health()
        self._say_health(HealthState.STOPPING, "")
        try:
            if self.recorder.commit():
                _log.info("store closed", events=self.log.committed, hash=self.log.sequencer.hash.hex())
            self.log.close()
        except (OSError, JournalError) as error:
            _log.error("events not written; they are asked for again after the start", error=str(error))
        for socket in (self.subscriber.socket, self._notices):
            socket.close(linger=0)
        self.subscriber.peers.close()
        self.bus.close()

    def _project(self) -> None:
        """Fold what was committed since the last time into the platform's state, so much of it that nobody waits."""
        projected = self._projected
        if projected is None or projected.sequence >= self.log.committed:
            return
        try:
            projected.catch_up(min(self.log.committed, projected.sequence + PROJECT_AT_ONCE))
        except JournalError as error:
            _log.error("the state is folded no further", error=str(error))
            self._projected = None

    def _let_flow(self) -> None:
        if self._flows:
            return
        self._flows = True
        self.subscriber.peers.on_sent = self._loop.look_again
        self._loop.add_reader(self.subscriber.socket, lambda: self._take(self.subscriber.drain()))
        self._loop.add_reader(self._notices, self._take_notices)
        for socket in self.subscriber.peers.sockets():
            self._loop.add_reader(socket, lambda: self._take(self.subscriber.collect()))

    def _hold(self) -> None:
        """Read no more while the disk refuses writes: what waits in a socket would wake the loop again and again."""
        self._flows = False
        for socket in (self.subscriber.socket, self._notices, *self.subscriber.peers.sockets()):
            self._loop.remove_reader(socket)

    def _commit(self) -> None:
        if not self.recorder.commit():
            self._hold()

    def _upkeep(self) -> None:
        """Ask again for what was not answered; try again what the disk refused."""
        if self.log.blocked and not self.recorder.commit():
            return
        self._let_flow()
        self._take(self.subscriber.drain())
        self._synced_once = self._synced_once or self.subscriber.is_synced(order_flow_only=True)

    def _take(self, arrived: list[Received]) -> None:
        for topic, missing in self.subscriber.take_lost():
            now_ns = self.bus.wall.now_ns()
            self.recorder.say(GAP_TOPIC, InputGap(topic=topic, missing=missing, event_ns=now_ns, received_ns=now_ns))
            self._metrics.lost(missing)
        if arrived:
            self.recorder.store_all(arrived)
            self.bus.touched()
        if self.log.blocked:
            self._hold()

    def _take_notices(self) -> None:
        while True:
            try:
                frames = self._notices.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                topic, header, payload = frames
                if self._news.is_news(decode(payload)):
                    name = topic.decode()
                    received = Received(name, *decode_header(header), payload)
                    self.recorder.store(name.rpartition(".")[2], received)
            except (ValueError, HeaderError, UndecodableError) as error:
                self.subscriber.cannot_read(f"{frames[0][:60]!r}: {error}")

    def _tell_seen(self) -> None:
        """Tell each publisher how far we are."""
        subscriber = self.subscriber
        by_publisher: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in subscriber.publishers()}
        for topic, cursor in subscriber.cursors().items():
            by_publisher.setdefault(publisher_of(topic), {})[topic] = cursor
        for name in subscriber.publishers():
            seen = {"subscriber": EVENT_STORE, "cursors": by_publisher[name], "takes_market_data": True}
            subscriber.peers.tell(name, "stream.seen", seen)

    def _say_health(self, state: HealthState, detail: str) -> None:
        bus, now_ns = self.bus, self.bus.wall.now_ns()
        health = Health(
            service=EVENT_STORE,
            state=state,
            detail=detail,
            pid=os.getpid(),
            uptime_ms=bus.uptime_ms(),
            last_message_age_ms=bus.last_message_age_ms(),
            counters=self._counters(),
            event_ns=now_ns,
            received_ns=now_ns,
        )
        self.recorder.say(HEALTH_TOPIC + EVENT_STORE, health)

    def _assess(self) -> tuple[HealthState, str]:
        if self._loop.stopping:
            return HealthState.STOPPING, ""
        if self.log.blocked:
            return HealthState.DEGRADED, self.log.blocked
        broken, silent = self.subscriber.table.broken(), self.subscriber.peers.silent()
        if broken:
            return HealthState.DEGRADED, "; ".join(broken)
        if not self._synced_once:
            return HealthState.STARTING, f"waiting for {', '.join(silent) or 'order flow'}"
        if silent:
            return HealthState.DEGRADED, f"nothing heard from {', '.join(silent)}"
        return HealthState.READY, ""

    def _counters(self) -> dict[str, int]:
        return {**self.subscriber.statistics(), "events": self.log.committed, "commits": self.log.commits}

    def _details(self) -> dict[str, Any]:
        log = self.log
        core: dict[str, Any] = {
            "events": log.committed,
            "hash": log.sequencer.hash.hex(),
            "oldest": log.journal.first_number,
            "streams": log.sequencer.streams(),
            "folder": str(log.folder),
        }
        if self._projected is not None:
            # Of the events folded so far: whoever folds the log up to there must find the same.
            projection = self._projected.projection
            whole, flow = projection.hashes()
            core["projection"] = {"sequence": projection.sequence, "sha256": whole, "flow_sha256": flow}
        errors = self.subscriber.last_error or self.subscriber.peers.last_error
        return {"core": core, "silent": self.subscriber.peers.silent(), "last_error": errors}


def _projected(log: EventLog) -> ProjectedLog | None:
    try:
        return ProjectedLog(log.folder)
    except JournalError as error:
        _log.warning("no state is folded from this log", error=str(error))
        return None


def build(loop: EventLoop, loaded: LoadedConfig) -> EventStoreService:
    """Return the running service; raises what `EventStoreService` raises."""
    return EventStoreService(loop, loaded.config, OracleMetrics())
