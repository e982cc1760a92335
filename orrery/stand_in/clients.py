"""A stand-in's client: messages are gathered and written in one go, and a client that does not read is dropped."""

import asyncio
import contextlib

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from orrery.stand_in.subscriptions import Subscriptions

SLOW_CLIENT_S = 30.0
"""Time that a client with full buffers gets before it is dropped; the recording waits for it meanwhile."""
_FRAGMENTS = 3
_TEXT, _CONTINUATION, _FINAL = 0x01, 0x00, 0x80
_MEDIUM, _LONG = 126, 127


class Client:
    """One WebSocket connection with what it subscribed to and what is gathered for it."""

    def __init__(self, connection: ServerConnection, subscriptions: Subscriptions) -> None:
        self.connection = connection
        self.subscriptions = subscriptions
        self._gathered: list[bytes] = []

    def put(self, wire_bytes: bytes) -> None:
        """Gather bytes of whole WebSocket frames, or whatever else is to go over the wire."""
        self._gathered.append(wire_bytes)

    async def flush(self) -> None:
        """Write what was gathered; wait for a client whose buffers are full, and drop it if that takes too long."""
        if not self._gathered:
            return
        data = b"".join(self._gathered)
        self._gathered.clear()
        if self.connection.protocol.state is not State.OPEN:
            return
        self.connection.transport.write(data)
        if not self.connection.paused:
            return
        # The connection may be lost meanwhile; its handler says goodbye to the client then.
        with contextlib.suppress(OSError):
            try:
                async with asyncio.timeout(SLOW_CLIENT_S):
                    await self.connection.drain()
            except TimeoutError:
                self.drop()

    def drop(self) -> None:
        """Cut the connection without a word."""
        self.connection.transport.abort()

    def read(self, go_on: bool) -> None:
        """Stop or go on reading what the client sends, pings included."""
        if self.connection.transport.is_closing():
            return
        if go_on:
            self.connection.transport.resume_reading()
        else:
            self.connection.transport.pause_reading()


def text_frame(payload: bytes, first_byte: int = _FINAL | _TEXT) -> bytes:
    """Return a message as the unmasked WebSocket frame that a server sends (RFC 6455, 5.2)."""
    size = len(payload)
    if size < _MEDIUM:
        return bytes((first_byte, size)) + payload
    if size < 1 << 16:
        return bytes((first_byte, _MEDIUM)) + size.to_bytes(2, "big") + payload
    return bytes((first_byte, _LONG)) + size.to_bytes(8, "big") + payload


def fragmented(payload: bytes) -> bytes:
    """Return a message in three fragments, with a ping behind the first."""
    third = -(-len(payload) // _FRAGMENTS)
    ping = Frame(Opcode.PING, b"between").serialize(mask=False)
    return (
        text_frame(payload[:third], _TEXT)
        + ping
        + text_frame(payload[third : 2 * third], _CONTINUATION)
        + text_frame(payload[2 * third :], _FINAL | _CONTINUATION)
    )
