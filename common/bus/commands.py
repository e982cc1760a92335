"""Commands and queries: each has an id and a deadline; a retry repeats the id; nothing ever wedges.

The server is a ROUTER, the clients are DEALERs with ids of their own (a REQ socket is understood too): a lost reply
costs one timeout, not the socket.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import zmq

from common.bus.deadlines import is_over, request_for
from common.bus.frames import COMMAND_HIGH_WATER_MARK, LINGER_MS, MAX_FRAME_BYTES, bound_socket
from common.bus.security import Security
from common.clock import Clock, monotonic_ns
from common.codec import UndecodableError, decode_reply, decode_request, encode
from common.messages import Reply, Request

REMEMBERED_REPLIES = 1_000
"""Replies kept per server for retries of commands that change state."""
SERVE_LIMIT = 20
"""Requests answered in one turn, so that streams and timers get theirs."""

type Handler = Callable[[dict[str, Any], str], Any]
"""Takes the arguments and the request's id; returns a result of plain types; raises CommandError to refuse."""


class CommandError(Exception):
    """A command was refused or failed; the text goes to whoever asked."""


class CommandTimeoutError(CommandError):
    """No answer in time: the outcome is unknown, the next command works."""


class CommandServer:
    """Answers requests on one ROUTER socket, in the loop that owns it.

    undecodable: requests that were none. unroutable: replies whose client had gone. served: requests answered.
    """

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", address: str, clock: Clock, security: Security | None
    ) -> None:
        self.socket = context.socket(zmq.ROUTER)
        bound_socket(self.socket, COMMAND_HIGH_WATER_MARK)
        self.socket.router_mandatory = True
        if security is not None:
            security.protect_server(self.socket)
        self.socket.bind(address)
        self._clock = clock
        self._handlers: dict[str, tuple[Handler, bool]] = {}
        self._replies: OrderedDict[tuple[str, str], Reply] = OrderedDict()
        self.undecodable = 0
        self.unroutable = 0
        self.served = 0

    def on(self, name: str, handler: Handler, *, changes_state: bool = False) -> None:
        """Register what answers `name`; with `changes_state` a retry gets the first answer again."""
        self._handlers[name] = (handler, changes_state)

    def remember(self, name: str, request_id: str, result: Any) -> None:
        """Answer a retry of this command, executed already, with `result`."""
        self._replies[name, request_id] = Reply(id=request_id, ok=True, result=result)
        if len(self._replies) > REMEMBERED_REPLIES:
            self._replies.popitem(last=False)

    def serve(self, limit: int = SERVE_LIMIT) -> int:
        """Answer up to `limit` waiting requests; return how many."""
        for served in range(limit):
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return served
            self._answer(frames)
        return limit

    def _answer(self, frames: list[bytes]) -> None:
        try:
            request = decode_request(frames[-1])
        except UndecodableError:
            self.undecodable += 1
            return
        reply = self._replies.get((request.name, request.id)) or self._handle(request)
        try:
            # What stood before the request (the client's id, a REQ socket's delimiter) leads the answer back.
            self.socket.send_multipart([*frames[:-1], _encoded(request, reply)], zmq.NOBLOCK)
            self.served += 1
        except zmq.ZMQError:
            self.unroutable += 1

    def _handle(self, request: Request) -> Reply:
        handler, changes_state = self._handlers.get(request.name, (None, False))
        if handler is None:
            known = ", ".join(sorted(self._handlers))
            return Reply(id=request.id, ok=False, error=f"unknown command {request.name!r}; known: {known}")
        if is_over(request, self._clock):
            return Reply(id=request.id, ok=False, error=f"{request.name}: its deadline had passed when it came")
        try:
            reply = Reply(id=request.id, ok=True, result=handler(request.arguments, request.id))
        except CommandError as error:
            reply = Reply(id=request.id, ok=False, error=str(error))
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            shown = f"{request.arguments}"[:200]
            reply = Reply(id=request.id, ok=False, error=f"{request.name}: bad arguments {shown}: {error!r}")
        if changes_state:
            self._replies[request.name, request.id] = reply
            if len(self._replies) > REMEMBERED_REPLIES:
                self._replies.popitem(last=False)
        return reply

    def close(self) -> None:
        """Close the socket; answers on their way get a bounded time."""
        self.socket.close(linger=LINGER_MS)


def _encoded(request: Request, reply: Reply) -> bytes:
    """Return the reply's bytes, or those of an error that says why it cannot travel."""
    try:
        body = encode(reply)
    except (TypeError, ValueError, OverflowError) as error:
        text = f"{request.name}: the result cannot be sent: {error}"
        return encode(Reply(id=request.id, ok=False, error=text))
    if len(body) > MAX_FRAME_BYTES:
        text = f"{request.name}: the result has {len(body)} bytes, more than the {MAX_FRAME_BYTES} of a frame; ask for less"
        return encode(Reply(id=request.id, ok=False, error=text))
    return body


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
        bound_socket(self.socket, COMMAND_HIGH_WATER_MARK)
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
        request = request_for(name, arguments, timeout_ms * 1_000_000, self._clock, request_id)
        give_up_ns = monotonic_ns() + timeout_ms * 1_000_000
        try:
            self.socket.send(encode(request), zmq.NOBLOCK)
        except zmq.Again as error:
            text = f"{self._address}: {COMMAND_HIGH_WATER_MARK} requests wait unanswered; {name!r} was not sent"
            raise CommandTimeoutError(text) from error
        while (left_ms := (give_up_ns - monotonic_ns()) // 1_000_000) > 0:
            if not self.socket.poll(left_ms):
                break
            reply = self._receive()
            if reply is None or reply.id != request.id:
                continue
            if not reply.ok:
                raise CommandError(reply.error)
            return reply.result
        raise CommandTimeoutError(f"{self._address}: no answer to {name!r} within {timeout_ms} ms")

    def _receive(self) -> Reply | None:
        try:
            return decode_reply(self.socket.recv_multipart()[-1])
        except UndecodableError:
            return None  # From a server of another version: it counts as no answer.

    def close(self) -> None:
        """Close the socket at once; what was not sent is dropped."""
        self.socket.close(linger=0)
