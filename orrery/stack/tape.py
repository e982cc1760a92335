"""The latest fills, refusals and halts, for people to look at: what is lost on the way is not asked for again."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import zmq

from common.bus.frames import HALT_TOPIC
from common.codec import UndecodableError, decode
from common.messages import AnyMessage, Fill, Halt, OrderRefused, OrderRejected
from common.routes import ALL_SERVICES, EXECUTION, RISK_MANAGER
from common.runner import EventLoop
from orrery.operator_bus import OperatorBus

KEPT = 50


class TapeEntry(NamedTuple):
    """Something that was decided or done. at_ns: nanoseconds UTC."""

    at_ns: int
    message: Fill | OrderRefused | OrderRejected


class Tape:
    """Listens to all services; `entries` has the latest last, `on_halt` is told of a service that met a bug."""

    def __init__(self, loop: EventLoop, bus: OperatorBus, on_halt: Callable[[Halt], None]) -> None:
        self.entries: deque[TapeEntry] = deque(maxlen=KEPT)
        self._on_halt = on_halt
        halts = [(service, HALT_TOPIC + service) for service in ALL_SERVICES]
        self._socket = bus.listener([(RISK_MANAGER, "decisions"), (EXECUTION, "reports"), *halts])
        loop.add_reader(self._socket, self._read)

    def _read(self) -> None:
        while True:
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                self._take(decode(frames[-1]))
            except UndecodableError:
                continue  # Of another version; the services say so themselves.

    def _take(self, message: AnyMessage) -> None:
        if isinstance(message, Fill | OrderRefused | OrderRejected):
            self.entries.append(TapeEntry(message.received_ns, message))
        elif isinstance(message, Halt):
            self._on_halt(message)
