"""The conductor of lock-step: sends the next event when the stack has come to rest, and says who takes what when.

How it works: market data plays some lines of the recording and says what it published. Each of these messages is
named to all who hear it, in the order of the flow; what they publish because of it queues up behind, first come, first
served, until nobody has anything left to say. That is the order of the in-process bus, over sockets: no process takes what
event N has caused before it has taken event N, whatever the machine does meanwhile.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import zmq

from common.clock import WallClock, monotonic_ns
from common.codec import decode_reply, encode
from common.config.models import Config
from common.messages import Request
from common.routes import EXECUTION, MARKET_DATA, SERVICES, STREAMS, Retention, hears
from orrery.operator_bus import OperatorBus
from services.execution.core.making import also_hears

ANSWER_TIMEOUT_NS = 30_000_000_000
"""How long a service may take for one input; the core's work for one is microseconds."""
WAIT_MS = 500
"""Between two looks at whether the processes still live."""
LINES_AHEAD = 64
"""Lines that market data, which hears nobody, may be ahead; what it has published waits until it is named."""
MAX_CASCADE = 10_000
"""Messages that may follow from one event, as on the in-process bus."""


class ConductorError(Exception):
    """The stack cannot go on in lock-step; the text says which service did not do what."""


class Conductor:
    """Speaks to the command sockets of a stack in lock-step. check: called while waiting; raises if a process has ended."""

    def __init__(self, config: Config, check: Callable[[], None]) -> None:
        self._bus = OperatorBus(config)
        self._clock, self._check = WallClock(), check
        self._sockets = {service: self._bus.command_socket(service) for service in SERVICES}
        self._also = {EXECUTION: also_hears(config.execution)}
        self._hearers: dict[str, tuple[str, ...]] = {}
        self._due: dict[str, int] = {}
        self._asked: dict[str, str] = {}
        self._number = 0
        self._run = os.urandom(6).hex()

    def ask(self, service: str, name: str, arguments: dict[str, Any] | None = None) -> Any:
        """Return a service's answer to a command; ConductorError if it refuses or does not answer."""
        self._send(service, name, arguments or {})
        return self._receive(service)

    def play(self, limit: int | None) -> Iterator[int]:
        """Play the lines of the recording, each until all is at rest; yield how many were played, after each."""
        played = 0
        while limit is None or played < limit:
            lines = LINES_AHEAD if limit is None else min(LINES_AHEAD, limit - played)
            step = self.ask(MARKET_DATA, "conduct.next", {"lines": lines})
            for published in step["played"]:
                for now_ns, topic, number in published:
                    self._meet_deadlines(now_ns)
                    self._spread([(topic, number)], now_ns)
                played += 1
                yield played
            if step["error"]:
                raise ConductorError(step["error"])
            if step["finished"]:
                return

    def check_rest(self) -> None:
        """Ask every service for its watermark: what is published has been taken by all who hear it."""
        marks = {service: self.ask(service, "watermark") for service in SERVICES}
        published = {topic: number for mark in marks.values() for topic, number in mark["published"].items()}
        for service in SERVICES:
            for topic, number in published.items():
                taken = marks[service]["consumed"].get(topic, 0)
                if service in self._hearers_of(topic) and taken != number:
                    raise ConductorError(f"{service}: expected {topic} taken up to #{number}, found #{taken}")

    def pause(self, ms: int) -> None:
        """Let a moment pass before a service is asked again."""
        self._sockets[MARKET_DATA].poll(ms)

    def close(self) -> None:
        """Close all sockets."""
        self._bus.close()

    def _meet_deadlines(self, until_ns: int) -> None:
        """Let deadlines that fall before the event be met, the earliest first, each at its own time."""
        while (earliest := min(((due, service) for service, due in self._due.items()), default=None)) is not None:
            due_ns, service = earliest
            if due_ns > until_ns:
                return
            answer = self.ask(service, "conduct.deadline", {"now_ns": due_ns})
            self._spread(self._published(service, answer), due_ns)

    def _spread(self, published: list[tuple[str, int]], now_ns: int) -> None:
        for topic, number in published:  # the list grows while it is walked: it is the queue
            hearers = self._hearers_of(topic)
            for service in hearers:
                self._send(service, "conduct.take", {"topic": topic, "number": number, "now_ns": now_ns})
            for service in hearers:
                published += self._published(service, self._receive(service))
            if len(published) > MAX_CASCADE:
                raise ConductorError(f"expected at most {MAX_CASCADE} messages to follow from one event, found more")

    def _hearers_of(self, topic: str) -> tuple[str, ...]:
        found = self._hearers.get(topic)
        if found is None:
            found = tuple(service for service in SERVICES if hears(service, topic, self._also.get(service, ())))
            self._hearers[topic] = found
        return found

    def _published(self, service: str, answer: list[int | None]) -> list[tuple[str, int]]:
        first, last, due_ns = answer
        assert first is not None, "a service that has answered has a first and a last number"
        assert last is not None, "a service that has answered has a first and a last number"
        if due_ns is None:
            self._due.pop(service, None)
        else:
            self._due[service] = due_ns
        topic = _flow_of(service)
        return [(topic, number) for number in range(first, last + 1)]

    def _send(self, service: str, name: str, arguments: dict[str, Any]) -> None:
        self._number += 1
        request_id = f"{self._run}{self._number}"
        deadline_ns = self._clock.now_ns() + ANSWER_TIMEOUT_NS
        body = encode(Request(id=request_id, name=name, deadline_ns=deadline_ns, arguments=arguments))
        socket = self._sockets[service]
        give_up_ns = monotonic_ns() + ANSWER_TIMEOUT_NS
        while not self._sent(socket, body):
            self._wait(service, f"took {name}", give_up_ns)
        self._asked[service] = request_id

    @staticmethod
    def _sent(socket: "zmq.Socket[bytes]", body: bytes) -> bool:
        try:
            socket.send(body, zmq.NOBLOCK)
        except zmq.Again:
            socket.poll(WAIT_MS, zmq.POLLOUT)
            return False
        return True

    def _receive(self, service: str) -> Any:
        socket, wanted = self._sockets[service], self._asked[service]
        give_up_ns = monotonic_ns() + ANSWER_TIMEOUT_NS
        while True:
            if not socket.poll(WAIT_MS):
                self._wait(service, "answered", give_up_ns)
                continue
            reply = decode_reply(socket.recv())
            if reply.id != wanted:
                continue
            if not reply.ok:
                raise ConductorError(f"{service}: {reply.error}")
            return reply.result

    def _wait(self, service: str, what: str, give_up_ns: int) -> None:
        self._check()
        if monotonic_ns() > give_up_ns:
            seconds = ANSWER_TIMEOUT_NS // 1_000_000_000
            raise ConductorError(f"{service}: expected that it {what} within {seconds} s, found it silent")


@cache
def _flow_of(service: str) -> str:
    return next(name for name, (owner, kept) in STREAMS.items() if owner == service and kept is Retention.JOURNAL)
