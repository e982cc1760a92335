"""Tells several services the same at once, whichever of them live: nobody waits for one that is dead."""

import os
from collections.abc import Mapping
from typing import Any

import msgspec
import zmq

from common.bus.deadlines import request_for
from common.clock import Clock, monotonic_ns
from common.codec import UndecodableError, decode_reply, encode
from common.config.models import Config
from common.messages import Reply
from orrery.operator_bus import OperatorBus

RETRY_MS = 2
"""Between two tries to reach a service that is not there."""
REPEAT_MS = 1_000
"""Silence after which a command is repeated under its id; it is done once however often it comes."""


class Told(msgspec.Struct):
    """What became of a command at one service. took_ms: until it answered; error: why not, empty when it obeyed."""

    took_ms: float = 0.0
    error: str = "no answer"
    status: dict[str, Any] = {}

    @property
    def ok(self) -> bool:
        """Return whether the service obeyed."""
        return not self.error


class _Errand:
    """One command for one service, until it is answered."""

    def __init__(self, socket: "zmq.Socket[bytes]", clock: Clock, name: str, arguments: dict[str, str]) -> None:
        self.told = Told()
        self.is_done = False
        self.socket, self._clock = socket, clock
        self._name, self._arguments = name, arguments
        self._id = os.urandom(12).hex()
        self._began_ns = monotonic_ns()
        self._sent_ns = 0

    def go(self, life_ns: int) -> None:
        """Send it if it is not on its way; take the answer if it is there."""
        if not self._sent_ns or monotonic_ns() - self._sent_ns > REPEAT_MS * 1_000_000:
            try:
                request = request_for(self._name, dict(self._arguments), life_ns, self._clock, self._id)
                self.socket.send(encode(request), zmq.NOBLOCK)
                self._sent_ns = monotonic_ns()
            except zmq.Again:
                return  # not connected: the service is not there, or not yet
        while not self.is_done and self.socket.poll(0):
            self._take(self.socket.recv_multipart()[-1])

    def _take(self, payload: bytes) -> None:
        try:
            reply: Reply = decode_reply(payload)
        except UndecodableError:
            return
        if reply.id == self._id:
            self.is_done = True
            self.told.took_ms = (monotonic_ns() - self._began_ns) / 1e6
            self.told.error = "" if reply.ok else reply.error
            self.told.status = reply.result if reply.ok and isinstance(reply.result, dict) else {}


def tell(config: Config, name: str, arguments: Mapping[str, dict[str, str]], wait_s: float) -> dict[str, Told]:
    """Tell each service that `arguments` names; return what became of it after `wait_s` seconds at most.

    Raises:
        KeysError: the bus needs keys that are missing.
    """
    bus = OperatorBus(config)
    try:
        errands = {
            service: _Errand(bus.command_socket(service), bus.clock, name, own) for service, own in arguments.items()
        }
        poller = zmq.Poller()
        for errand in errands.values():
            poller.register(errand.socket, zmq.POLLIN)
        give_up_ns = monotonic_ns() + int(wait_s * 1e9)
        while (left_ns := give_up_ns - monotonic_ns()) > 0:
            waiting = [errand for errand in errands.values() if not errand.is_done]
            if not waiting:
                break
            for errand in waiting:
                errand.go(left_ns)
            poller.poll(min(RETRY_MS, left_ns // 1_000_000 + 1))
        return {service: errand.told for service, errand in errands.items()}
    finally:
        bus.close()
