"""Asks every service for its status, again and again, and never waits for one that does not answer."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import zmq

from common.bus.deadlines import request_for
from common.clock import monotonic_ns
from common.codec import UndecodableError, decode_reply, encode
from common.runner import EventLoop
from orrery.operator_bus import OperatorBus

ANSWER_TIMEOUT_NS = 1_000_000_000
"""How long an answer may take before the question is asked anew."""


class Answer(NamedTuple):
    """A service's status and when it came, by the monotonic clock; `asked_ns` is when it was asked for."""

    status: dict[str, Any]
    asked_ns: int
    at_ns: int


class StatusPoller:
    """The latest status of each service. `accept` may refuse one, such as that of a stranger on the same port."""

    def __init__(
        self, loop: EventLoop, bus: OperatorBus, services: Sequence[str], patience_ns: int = ANSWER_TIMEOUT_NS
    ) -> None:
        """Prepare; patience_ns: how long an answer may take before the question is asked anew."""
        self._patience_ns = patience_ns
        self.answers: dict[str, Answer] = {}
        self.accept: Callable[[str, dict[str, Any]], bool] = lambda _service, _status: True
        self.on_status: Callable[[str, dict[str, Any]], None] = lambda _service, _status: None
        self._clock = bus.clock
        self._sockets = {service: bus.command_socket(service) for service in services}
        self._asked: dict[str, tuple[str, int]] = {}
        for service, socket in self._sockets.items():
            loop.add_reader(socket, lambda service=service: self._collect(service))  # type: ignore[misc]  # bound now

    def ask(self, *, afresh: bool = False) -> None:
        """Ask every service that does not owe an answer; `afresh` asks all, and answers to earlier questions are dropped."""
        if afresh:
            self._asked.clear()
        for service in self._sockets:
            self._ask(service)

    def has_answer_since(self, service: str, since_ns: int) -> bool:
        """Return whether the latest status of a service was asked for after the monotonic time `since_ns`."""
        answer = self.answers.get(service)
        return answer is not None and answer.asked_ns >= since_ns

    def owes(self, service: str) -> bool:
        """Return whether a service was asked and has not answered yet: it was reached, at least."""
        return service in self._asked

    def status(self, service: str) -> dict[str, Any]:
        """Return the latest status, empty if there never was one."""
        answer = self.answers.get(service)
        return {} if answer is None else answer.status

    def age_ns(self, service: str) -> int | None:
        """Return how old the latest status is, None if there never was one."""
        answer = self.answers.get(service)
        return None if answer is None else monotonic_ns() - answer.at_ns

    def _ask(self, service: str) -> None:
        now_ns = monotonic_ns()
        asked = self._asked.get(service)
        if asked is not None and now_ns - asked[1] < self._patience_ns:
            return
        request = request_for("status", None, self._patience_ns, self._clock)
        try:
            self._sockets[service].send(encode(request), zmq.NOBLOCK)
        except zmq.Again:
            return  # Nobody is connected; the next question may find someone.
        self._asked[service] = (request.id, now_ns)

    def _collect(self, service: str) -> None:
        while True:
            try:
                payload = self._sockets[service].recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._take(service, payload)

    def _take(self, service: str, payload: bytes) -> None:
        asked = self._asked.get(service)
        try:
            reply = decode_reply(payload)
        except UndecodableError:
            return  # A service of another version; it counts as not answering.
        if asked is None or reply.id != asked[0]:
            return
        del self._asked[service]
        if reply.ok and self.accept(service, reply.result):
            self.answers[service] = Answer(reply.result, asked[1], monotonic_ns())
            self.on_status(service, reply.result)
