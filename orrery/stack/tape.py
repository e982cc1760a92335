"""The latest fills and refusals, for people to look at: what is lost on the way is not asked for again."""

from collections import deque
from typing import NamedTuple

import zmq

from common.codec import UndecodableError, decode
from common.messages import AnyMessage, Fill, OrderRefused, OrderRejected
from common.routes import EXECUTION, RISK_MANAGER
from common.runner import EventLoop
from orrery.operator_bus import OperatorBus

KEPT = 50


class TapeEntry(NamedTuple):
    """Something that was decided or done. at_ns: nanoseconds UTC."""

    at_ns: int
    message: Fill | OrderRefused | OrderRejected


class Tape:
    """Listens to risk and execution; `entries` has the latest last."""

    def __init__(self, loop: EventLoop, bus: OperatorBus) -> None:
        self.entries: deque[TapeEntry] = deque(maxlen=KEPT)
        self._socket = bus.listener({RISK_MANAGER: "decisions", EXECUTION: "reports"})
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
