"""The stand-in's one port: WebSocket and REST, until it is told to stop."""

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from orrery.stand_in.clients import Client
from orrery.stand_in.errors import StandInError
from orrery.stand_in.faults import fault_plans
from orrery.stand_in.player import Player
from orrery.stand_in.rest import Answer, Rest
from orrery.stand_in.subscriptions import RequestError, Subscriptions
from orrery.stand_in.tape import Tape
from services.market_data.adapters.recordings import RecordingError

POLICY_VIOLATION = 1008
MAX_REQUEST_BYTES = 65_536
WRITE_BUFFER_BYTES = 1_048_576
PONG_WITHIN_S = 60.0
CLOSE_WITHIN_S = 1.0
_LARGEST_PORT = 65_535

type Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class StandInOptions:
    """What is served, and how. `rest` None: the file beside the recording that belongs to it, if there is one."""

    recording: Path
    rest: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    """0 picks a free one."""
    speed: float = 1.0
    """1 is the recorded pace, 0 as fast as the clients take it."""
    loop: bool = False
    """At the end send everybody away and begin anew with the next subscription."""
    faults: tuple[str, ...] = ()
    """`kind@number[:argument]`; see `FaultKind`."""
    ping_interval_s: float = 20.0


class StandIn:
    """One stand-in venue. StandInError if it cannot serve what it was given."""

    def __init__(self, options: StandInOptions) -> None:
        _check(options)
        self._options = options
        self._tape = Tape(options.recording, options.rest)
        frame_plan, rest_plan = fault_plans(options.faults)
        self._player = Player(self._tape, frame_plan, options.speed)
        self._rest = Rest(self._tape, rest_plan, self._player.now_ms)
        self._connections = 0
        self._log = logging.getLogger("orrery.stand_in.websockets")
        self._log.disabled = (
            True  # websockets logs what clients do wrong, with tracebacks; clients do it on purpose here.
        )

    async def serve(self, say: Say, stop: asyncio.Event) -> None:
        """Serve until `stop` is set. `say` gets one object when ready and one at each end of the recording."""
        async with await self._listen() as server:
            say(self._ready(server))
            playing = asyncio.create_task(self._play(say))
            stopping = asyncio.create_task(stop.wait())
            done, _ = await asyncio.wait((playing, stopping), return_when=asyncio.FIRST_COMPLETED)
            for task in (playing, stopping):
                task.cancel()
            if playing in done:
                await playing

    async def _listen(self) -> Server:
        options = self._options
        try:
            return await serve(
                self._talk,
                options.host,
                options.port,
                process_request=self._process_request,
                compression=None,
                logger=self._log,
                ping_interval=options.ping_interval_s,
                ping_timeout=PONG_WITHIN_S,
                close_timeout=CLOSE_WITHIN_S,
                max_size=MAX_REQUEST_BYTES,
                write_limit=WRITE_BUFFER_BYTES,
            )
        except OSError as error:
            raise StandInError(f"cannot listen on {options.host}:{options.port}: {error.strerror or error}") from error

    def _ready(self, server: Server) -> dict[str, Any]:
        host = self._options.host
        port = next(iter(server.sockets)).getsockname()[1]
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        tape = self._tape
        return {
            "ws_url": f"ws://{authority}",
            "rest_url": f"http://{authority}",
            "symbols": tape.symbols,
            "streams": tape.streams,
            "frames": tape.count,
            "depth": tape.has_books,
            "rest": str(tape.rest) if tape.rest else None,
            "speed": self._options.speed,
        }

    async def _play(self, say: Say) -> None:
        while True:
            try:
                await self._player.play()
            except RecordingError as error:
                raise StandInError(str(error)) from error
            say({"finished": True, "frames_sent": self._player.sent, "frames_played": self._player.played})
            if not self._options.loop:
                await asyncio.Future()
            await self._player.rewind()

    async def _process_request(self, _connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path in ("/ws", "/stream") or path.startswith("/ws/"):
            return None
        answer = self._rest.answer(request.path)
        if answer.delay_s:
            await asyncio.sleep(answer.delay_s)
        return _response(answer)

    async def _talk(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None, "the handshake is over"
        try:
            client = Client(connection, Subscriptions(request.path))
        except RequestError as error:
            await connection.close(POLICY_VIOLATION, str(error))
            return
        self._connections += 1
        number = self._connections
        self._player.clients[number] = client
        try:
            await self._converse(client)
        except ConnectionClosed:
            return
        finally:
            del self._player.clients[number]

    async def _converse(self, client: Client) -> None:
        loop = asyncio.get_running_loop()
        self._note_subscription(client)
        async for request in client.connection:
            if client.subscriptions.too_fast(loop.time()):
                await client.connection.close(POLICY_VIOLATION, "Too many requests")
                return
            reply = client.subscriptions.reply(request)
            await client.flush()
            await client.connection.send(reply, text=True)
            self._note_subscription(client)

    def _note_subscription(self, client: Client) -> None:
        if client.subscriptions:
            self._player.subscribed.set()


def _check(options: StandInOptions) -> None:
    if not 0 <= options.port <= _LARGEST_PORT:
        raise StandInError(f"port {options.port}: expected 0 (any free one) to {_LARGEST_PORT}")
    if not 0 <= options.speed < math.inf:
        raise StandInError(f"speed {options.speed}: expected 0 (as fast as possible) or a factor such as 2.5")


def _response(answer: Answer) -> Response:
    status = HTTPStatus(answer.status)
    headers = Headers()
    headers["Content-Type"] = "application/json;charset=UTF-8"
    headers["Content-Length"] = str(len(answer.body))
    headers["Connection"] = "close"
    if answer.retry_after_s is not None:
        headers["Retry-After"] = f"{answer.retry_after_s:g}"
    return Response(status.value, status.phrase, headers, answer.body)
