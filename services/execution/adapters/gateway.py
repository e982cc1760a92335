"""The channel to an order gateway: one socket, requests out, replies and reports in, and a greeting each second.

On the wire, frames of a ZeroMQ DEALER. Out: `hello`, or `request | id | method | body`. In: `hello | incarnation`,
`reply | id | status | body`, or `pushed | body`. A gateway that is silent for too long, or greets with another incarnation,
is away, or back.
"""

from collections.abc import Callable
from typing import Final

import zmq

from common.clock import monotonic_ns
from common.logs import get_logger
from common.messages import HeardKind, VenueHeard, VenueRequest
from common.runner import EventLoop

HELLO: Final = b"hello"
REQUEST: Final = b"request"
REPLY: Final = b"reply"
PUSHED: Final = b"pushed"
HELLO_EVERY_NS: Final = 500_000_000
MAX_BYTES: Final = 1_000_000
"""Longest frame; a longer one ends the connection."""
MAX_TAKEN: Final = 1_000
"""Frames taken in one turn of the loop."""

_log = get_logger("gateway")

type Tell = Callable[[list[VenueHeard]], None]


class GatewayChannel:
    """Carries requests to the gateway at `address`; gives what it hears to `tell`, in order."""

    def __init__(self, loop: EventLoop, venue: str, address: str, timeout_ms: int, tell: Tell) -> None:
        self._loop, self._venue, self._tell = loop, venue, tell
        self._timeout_ns = timeout_ms * 1_000_000
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = socket = self._context.socket(zmq.DEALER)
        socket.linger = 0
        socket.immediate = 1  # what cannot be sent now is told, not kept
        socket.maxmsgsize = MAX_BYTES
        socket.connect(address)
        self._incarnation = b""
        self._heard_ns = 0
        self._unsent: list[str] = []
        loop.add_reader(socket, self._read)
        loop.every(HELLO_EVERY_NS, self._greet)
        loop.when_due(lambda: 0 if self._unsent else None, self._return_unsent)
        self._greet()

    def send(self, request: VenueRequest) -> None:
        """Send a request; one that cannot leave is told as not sent, in a later turn of the loop."""
        if not self._incarnation or not self._put(REQUEST, request.id.encode(), request.method.encode(), request.body):
            self._unsent.append(request.id)

    def close(self) -> None:
        """Let go of the socket."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._context.term()

    def _put(self, *frames: bytes) -> bool:
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            return False
        finally:
            self._loop.look_again()
        return True

    def _greet(self) -> None:
        self._put(HELLO)
        if self._incarnation and monotonic_ns() - self._heard_ns > self._timeout_ns:
            _log.warning("gateway is silent", venue=self._venue)
            self._incarnation = b""
            self._tell([self._heard(HeardKind.DOWN)])

    def _return_unsent(self) -> None:
        unsent, self._unsent = self._unsent, []
        self._tell([self._heard(HeardKind.NOT_SENT, name) for name in unsent])

    def _read(self) -> None:
        heard: list[VenueHeard] = []
        for _ in range(MAX_TAKEN):
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            self._heard_ns = monotonic_ns()
            heard += self._understood(frames)
        if heard:
            self._tell(heard)

    def _understood(self, frames: list[bytes]) -> list[VenueHeard]:
        match frames:
            case [kind, incarnation] if kind == HELLO:
                if incarnation == self._incarnation:
                    return []
                self._incarnation = incarnation
                return [self._heard(HeardKind.UP)]
            case [kind, name, status, body] if kind == REPLY and status.isdigit():
                return [self._heard(HeardKind.REPLY, name.decode(errors="replace"), int(status), body)]
            case [kind, body] if kind == PUSHED:
                return [self._heard(HeardKind.PUSHED, body=body)]
            case _:
                _log.warning("unreadable frames", venue=self._venue, count=len(frames))
                return []

    def _heard(self, kind: HeardKind, request_id: str = "", status: int = 0, body: bytes = b"") -> VenueHeard:
        now_ns = self._loop.clock.now_ns()
        return VenueHeard(
            event_ns=now_ns,
            received_ns=now_ns,
            venue=self._venue,
            kind=kind,
            request_id=request_id,
            status=status,
            body=body,
        )
