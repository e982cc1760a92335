"""The alerts' shell: hears everything that may be an alert, and hands letters to the channels; nobody waits for it.

How it works: it reads order flow with cursors of its own, so that what happened while it was away is told after a restart;
beside that it hears what services say of themselves, and asks risk for the equity. Deliveries run in threads. State and
cursors are written down a moment after news: after a crash, the latest may be told twice, never not at all.
"""

import os
from pathlib import Path
from typing import Any

import zmq

from common.bus.commands import CommandError
from common.bus.connect import Connector
from common.bus.frames import HALT_TOPIC, HEALTH_TOPIC, OPERATOR_TOPIC, HeaderError, Received, decode_header
from common.bus_service import BusService
from common.codec import UndecodableError, decode
from common.config.load import LoadedConfig
from common.config.models import Config
from common.logs import get_logger
from common.messages import HealthState
from common.routes import ALERTS, ALL_SERVICES, RISK_MANAGER, publisher_of
from common.runner import EventLoop
from services.alerts.adapters.asking import AccountQuestion
from services.alerts.adapters.desk import Desk
from services.alerts.adapters.kept import Kept
from services.alerts.adapters.wording import title_of
from services.alerts.core.alert import Severity
from services.alerts.core.alerts_core import AlertsCore
from services.alerts.core.letters import Letter, Turn
from services.alerts.metrics import AlertsMetrics

UPKEEP_INTERVAL_NS = 100_000_000
TICK_INTERVAL_NS = 250_000_000
SEEN_INTERVAL_NS = 500_000_000
SAVE_INTERVAL_NS = 200_000_000

_log = get_logger("alerts")


class AlertsService:
    """The alerts on the bus."""

    def __init__(self, loop: EventLoop, config: Config, metrics: AlertsMetrics) -> None:
        """Take up the state, bind, connect, open the channels.

        Raises:
            KeysError, ServiceError: with a sentence that says what to change.
        """
        self._loop, self._metrics = loop, metrics
        self._kept = Kept(Path(config.engine.data_dir) / ALERTS)
        self.core = AlertsCore(config)
        cursors = self._kept.restore(self.core)
        try:
            self.bus = bus = BusService(loop, config, ALERTS)
        except BaseException:
            self._kept.close()
            raise
        connector = Connector(bus.context, bus.endpoints, bus.security, bus.wall, config.engine.peer_timeout_ms)
        self.subscriber = connector.subscriber(ALERTS)
        self.subscriber.resume(cursors)
        self.subscriber.open_gate()
        others = [name for name in ALL_SERVICES if name != ALERTS]
        self._notices = connector.listener(
            [(name, topic + name) for name in others for topic in (HEALTH_TOPIC, HALT_TOPIC, OPERATOR_TOPIC)]
        )
        self._question = AccountQuestion(connector.commander(RISK_MANAGER), bus.wall, config.risk.account_currency)
        self.desk = Desk(config.alerts, os.environ)
        bus.assess, bus.details, bus.counters = self._assess, self._details, self._counters
        self._wire(config.alerts.account_interval_ms * 1_000_000)

    def _wire(self, account_interval_ns: int) -> None:
        loop, subscriber = self._loop, self.subscriber
        for problem in self.desk.problems.values():
            _log.error("nothing can be sent", problem=problem)
        self.core.started(self.bus.wall.now_ns())
        self._send(list(self.core.undelivered()))
        subscriber.peers.on_sent = loop.look_again
        loop.add_reader(subscriber.socket, lambda: self._take(subscriber.drain()))
        loop.add_reader(self._notices, self._take_notices)
        loop.add_reader(self._question.socket, self._take_account)
        for socket in subscriber.peers.sockets():
            loop.add_reader(socket, lambda: self._take(subscriber.collect()))
        loop.every(UPKEEP_INTERVAL_NS, self._upkeep)
        loop.every(TICK_INTERVAL_NS, lambda: self._send(self.core.tick(self.bus.wall.now_ns())))
        loop.every(SEEN_INTERVAL_NS, self._tell_seen)
        loop.every(SAVE_INTERVAL_NS, lambda: self._save(is_last=False))
        loop.every(account_interval_ns, self._question.ask)
        self.bus.commands.on("alerts", lambda _arguments, _id: self.core.status())
        self.bus.commands.on("alerts.test", self._test, changes_state=True)
        self.bus.commands.on("alerts.outcome", lambda arguments, _id: self.desk.outcomes(arguments.get("numbers", ())))

    def close(self) -> None:
        """Take what is under way, let the carriers end, write the state down, close everything."""
        self._take(self.subscriber.drain())
        self._take_notices()
        self.bus.publish_health()
        self.desk.close()
        self._collect()
        self._save(is_last=True)
        for socket in (self.subscriber.socket, self._notices, self._question.socket):
            socket.close(linger=0)
        self.subscriber.peers.close()
        self.bus.close()
        self._kept.close()

    def _save(self, *, is_last: bool) -> None:
        self._kept.save(self.core, self.subscriber.cursors(), self.bus.wall.now_ns(), is_last=is_last)

    def _send(self, letters: list[Letter]) -> None:
        news = self.core.news
        while news:
            told = news.popleft()
            self._metrics.told(told)
            say = _log.info if told.severity is Severity.INFO or told.turn is Turn.RESOLVED else _log.warning
            say(title_of(told), text=told.text, cause=told.cause)
        self.desk.send(letters)

    def _take(self, arrived: list[Received]) -> None:
        now_ns, heard = self.bus.wall.now_ns(), self.core.hears
        for received in arrived:
            try:
                message = decode(received.payload)
            except UndecodableError as error:
                self.subscriber.cannot_read(f"{received.topic}: {error}")
                continue
            if type(message) in heard:
                self._send(self.core.handle(message, now_ns))
        if arrived:
            self.bus.touched()

    def _take_notices(self) -> None:
        while self._notices.poll(0):
            frames = self._notices.recv_multipart(zmq.NOBLOCK)
            try:
                _topic, header, payload = frames
                decode_header(header)
                self._send(self.core.handle(decode(payload), self.bus.wall.now_ns()))
            except (ValueError, HeaderError, UndecodableError) as error:
                self.subscriber.cannot_read(f"{frames[0][:60]!r}: {error}")

    def _take_account(self) -> None:
        seen = self._question.take()
        if seen is not None:
            self._send(self.core.handle(seen, self.bus.wall.now_ns()))

    def _upkeep(self) -> None:
        """Ask again for what was not answered; note what was delivered."""
        self._take(self.subscriber.drain())
        self._collect()

    def _collect(self) -> None:
        channels = {letter.number: letter.channel for letter in self.core.undelivered()}
        for outcome in self.desk.collect():
            channel = channels.get(outcome.number, "")
            self.core.done(outcome.number, outcome.problem)
            if channel:
                self._metrics.outcome(channel, outcome.problem)
            if outcome.problem:
                _log.error("not delivered", channel=channel, problem=outcome.problem)

    def _tell_seen(self) -> None:
        """Tell each publisher how far we are; take the gauges."""
        subscriber = self.subscriber
        by_publisher: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in subscriber.publishers()}
        for topic, cursor in subscriber.cursors().items():
            by_publisher.setdefault(publisher_of(topic), {})[topic] = cursor
        for name in subscriber.publishers():
            seen = {"subscriber": ALERTS, "cursors": by_publisher[name], "takes_market_data": True}
            subscriber.peers.tell(name, "stream.seen", seen)
        self._metrics.sample(self.core.status())

    def _test(self, arguments: dict[str, Any], _request_id: str) -> dict[str, Any]:
        channel = str(arguments.get("channel", ""))
        letters = self.core.test(channel, self.bus.wall.now_ns())
        if not letters:
            known = ", ".join([*self.desk.carriers, *self.desk.problems]) or "none: [[alerts.channels]] is empty"
            raise CommandError(f"channel {channel or 'any'}: expected one of the configuration, found {known}")
        self._send(letters)
        return {"letters": {str(letter.number): letter.channel for letter in letters}}

    def _assess(self) -> tuple[HealthState, str]:
        if self._loop.stopping:
            return HealthState.STOPPING, ""
        if self.desk.problems:
            return HealthState.DEGRADED, "; ".join(self.desk.problems.values())
        if self._kept.problem:
            return HealthState.DEGRADED, self._kept.problem
        return HealthState.READY, ""

    def _counters(self) -> dict[str, int]:
        status = self.core.status()
        return {**self.subscriber.statistics(), "told": sum(status["told"].values()), "firing": len(status["firing"])}

    def _details(self) -> dict[str, Any]:
        status = self.core.status()
        return {
            "core": {**status, "history": status["history"][-10:]},
            "channels": [*self.desk.carriers],
            "unusable": self.desk.problems,
            "silent": self.subscriber.peers.silent(),
            "last_error": self.subscriber.last_error or self.subscriber.peers.last_error,
        }


def build(loop: EventLoop, loaded: LoadedConfig) -> AlertsService:
    """Return the running service; raises what `AlertsService` raises."""
    return AlertsService(loop, loaded.config, AlertsMetrics())
