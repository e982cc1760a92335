"""Questions and commands to a service of a running stack, by default signal, each with the time that its answer took."""

from typing import Any, NamedTuple

import zmq

from common.bus.deadlines import request_for
from common.clock import monotonic_ns
from common.codec import UndecodableError, decode_reply, encode
from common.config.models import Config
from common.routes import SIGNAL
from orrery.errors import EXIT_FAILED, CommandLineError
from orrery.operator_bus import OperatorBus

ANSWER_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_MS = 3_000
"""How long it may take to reach the service; a stack that is down is told after it, one on a busy machine is not."""


class Answered(NamedTuple):
    """An answer, and how long it took to come, ms."""

    result: Any
    took_ms: float


def ask(config: Config, name: str, arguments: dict[str, Any] | None = None, service: str = SIGNAL) -> Answered:
    """Return what a service answers.

    Raises:
        KeysError: the bus needs keys that are missing.
        CommandLineError: nobody answers, or the answer is no.
    """
    bus = OperatorBus(config)
    try:
        socket = bus.command_socket(service)
        request = request_for(name, arguments, ANSWER_TIMEOUT_MS * 1_000_000, bus.clock)
        if not socket.poll(CONNECT_TIMEOUT_MS, zmq.POLLOUT):
            raise CommandLineError(f"{service}: no answer; is the stack running? `orrery up` starts it", EXIT_FAILED)
        asked_ns = monotonic_ns()
        socket.send(encode(request), zmq.NOBLOCK)
        return Answered(_answer(socket, request.id, service), (monotonic_ns() - asked_ns) / 1e6)
    finally:
        bus.close()


def _answer(socket: "zmq.Socket[bytes]", request_id: str, service: str) -> Any:
    give_up_ns = monotonic_ns() + ANSWER_TIMEOUT_MS * 1_000_000
    while (left_ms := (give_up_ns - monotonic_ns()) // 1_000_000) > 0 and socket.poll(left_ms):
        try:
            reply = decode_reply(socket.recv_multipart()[-1])
        except UndecodableError as error:
            raise CommandLineError(f"{service}: an answer of another version: {error}", EXIT_FAILED) from error
        if reply.id == request_id:
            if not reply.ok:
                raise CommandLineError(f"{service}: {reply.error}", EXIT_FAILED)
            return reply.result
    raise CommandLineError(f"{service}: no answer within {ANSWER_TIMEOUT_MS} ms", EXIT_FAILED)
