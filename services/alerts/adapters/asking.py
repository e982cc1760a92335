"""Asks risk for its status now and then: equity, and what stands in the way. Nobody waits for the answer."""

from typing import Any

import zmq

from common.bus.deadlines import request_for
from common.bus.frames import COMMAND_HIGH_WATER_MARK, bound_socket
from common.clock import Clock
from common.codec import UndecodableError, decode_reply, encode
from services.alerts.core.alert import AccountSeen

LIFE_NS = 1_000_000_000
"""How long risk may take: later, the next question is near."""


class AccountQuestion:
    """One question at a time over a DEALER socket that is connected by others."""

    def __init__(self, socket: "zmq.Socket[bytes]", clock: Clock, currency: str) -> None:
        bound_socket(socket, COMMAND_HIGH_WATER_MARK, linger_ms=0)
        socket.immediate = True
        self.socket = socket
        self._clock, self._currency = clock, currency
        self._asked: tuple[str, int] = ("", 0)
        self._count = 0

    def ask(self) -> None:
        """Ask, if risk is there."""
        self._count += 1
        now_ns = self._clock.now_ns()
        name = f"alerts-{now_ns}-{self._count}"
        try:
            self.socket.send(encode(request_for("status", {}, LIFE_NS, self._clock, name)), zmq.NOBLOCK)
        except zmq.Again:
            return
        self._asked = (name, now_ns)

    def take(self) -> AccountSeen | None:
        """Return what the latest answer said; None where there is none, or not to the latest question."""
        found = None
        while self.socket.poll(0):
            try:
                reply = decode_reply(self.socket.recv_multipart(zmq.NOBLOCK)[-1])
            except UndecodableError:
                continue
            if reply.ok and reply.id == self._asked[0] and isinstance(reply.result, dict):
                found = self._seen(reply.result)
        return found

    def _seen(self, status: dict[str, Any]) -> AccountSeen | None:
        try:
            core = status["core"]
            return AccountSeen(
                equity=float(core["equity"]),
                currency=self._currency,
                in_the_way={str(reason): str(detail) for reason, detail in core["in_the_way"].items()},
                asked_ns=self._asked[1],
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None  # another version of risk: its messages still tell the gravest
