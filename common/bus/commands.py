"""Commands and queries: each has an id and a deadline; a retry repeats the id; nothing ever wedges.

The server is a ROUTER, the clients are DEALERs with ids of their own: a lost reply costs one timeout, not the socket.
"""

import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import zmq

from common.bus.frames import HIGH_WATER_MARK, LINGER_MS, MAX_FRAME_BYTES
from common.bus.security import Security
from common.clock import Clock, monotonic_ns
from common.codec import UndecodableError, decode_reply, decode_request, encode
from common.messages import Reply, Request

REMEMBERED_REPLIES = 1_000
"""Replies kept per server for retries of commands that change state."""

type Handler = Callable[[dict[str, Any], str], Any]
"""Takes the arguments and the request's id; returns a result of plain types; raises CommandError to refuse."""


class CommandError(Exception):
    """A command was refused or failed; the text goes to whoever asked."""


class CommandTimeoutError(CommandError):
    """No answer in time: the outcome is unknown, the next command works."""


class CommandServer:
    """Answers requests on one ROUTER socket, in the loop that owns it."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", address: str, clock: Clock, security: Security | None) -> None:
        self.socket = context.socket(zmq.ROUTER)
        _bound(self.socket)
        self.socket.router_mandatory = True
        if security is not None:
            security.protect_server(self.socket)
        self.socket.bind(address)
        self._clock = clock
        self._handlers: dict[str, tuple[Handler, bool]] = {}
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        self.undecodable = 0
        self.unroutable = 0

    def on(self, name: str, handler: Handler, *, changes_state: bool = False) -> None:
        """Register what answers `name`; with `changes_state` a retry gets the first answer again."""
        self._handlers[name] = (handler, changes_state)

    def serve(self, limit: int = 100) -> int:
        """Answer up to `limit` waiting requests; return how many."""
        for served in range(limit):
            try:
                peer, *_, payload = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return served
            self._answer(peer, payload)
        return limit

    def _answer(self, peer: bytes, payload: bytes) -> None:
        try:
            request = decode_request(payload)
        except UndecodableError:
            self.undecodable += 1
            return
        reply = self._replies.get(request.id) or self._handle(request)
        try:
            self.socket.send_multipart([peer, encode(reply)], zmq.NOBLOCK)
        except zmq.ZMQError:
            self.unroutable += 1

    def _handle(self, request: Request) -> Reply:
        handler, changes_state = self._handlers.get(request.name, (None, False))
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            return Reply(id=request.id, ok=False, error=f"unknown command {request.name!r}; known: {known}")
        if self._clock.now_ns() > request.deadline_ns:
            return Reply(id=request.id, ok=False, error=f"{request.name}: its deadline had passed when it came")
        try:
            reply = Reply(id=request.id, ok=True, result=handler(request.arguments, request.id))
        except CommandError as error:
            reply = Reply(id=request.id, ok=False, error=str(error))
        except (KeyError, TypeError, ValueError) as error:
            reply = Reply(id=request.id, ok=False, error=f"{request.name}: bad arguments {request.arguments}: {error!r}")
        if changes_state:
            self._replies[request.id] = reply
            if len(self._replies) > REMEMBERED_REPLIES:
                self._replies.popitem(last=False)
        return reply

    def close(self) -> None:
        """Close the socket; answers on their way get a bounded time."""
        self.socket.close(linger=LINGER_MS)


class CommandClient:
    """Asks one server, blocking, with a timeout; for the command line and for tests."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        address: str,
        clock: Clock,
        security: tuple[Security, str] | None = None,
    ) -> None:
        self.socket = context.socket(zmq.DEALER)
        _bound(self.socket)
        if security is not None:
            security[0].protect_client(self.socket, security[1])
        self.socket.connect(address)
        self._address = address
        self._clock = clock

    def request(
        self, name: str, arguments: dict[str, Any] | None = None, *, timeout_ms: int = 2_000, request_id: str = ""
    ) -> Any:
        """Return the server's result.

        Raises:
            CommandTimeoutError: no answer within `timeout_ms`.
            CommandError: the server said no.
        """
        request = Request(
            id=request_id or os.urandom(12).hex(),
            name=name,
            deadline_ns=self._clock.now_ns() + timeout_ms * 1_000_000,
            arguments=arguments or {},
        )
        self.socket.send(encode(request), zmq.NOBLOCK)
        give_up_ns = monotonic_ns() + timeout_ms * 1_000_000
        while (left_ms := (give_up_ns - monotonic_ns()) // 1_000_000) > 0:
            if not self.socket.poll(left_ms):
                break
            reply = decode_reply(self.socket.recv())
            if reply.id != request.id:
                continue
            if not reply.ok:
                raise CommandError(reply.error)
            return reply.result
        raise CommandTimeoutError(f"{self._address}: no answer to {name!r} within {timeout_ms} ms")

    def close(self) -> None:
        """Close the socket at once; what was not sent is dropped."""
        self.socket.close(linger=0)


def _bound(socket: "zmq.Socket[bytes]") -> None:
    socket.maxmsgsize = MAX_FRAME_BYTES
    socket.sndhwm = socket.rcvhwm = HIGH_WATER_MARK
    socket.linger = LINGER_MS
