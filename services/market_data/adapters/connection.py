"""One connected, non-blocking socket with the WebSocket wire on it."""

import contextlib
import socket
import ssl

from services.market_data.adapters.wire import Wire

RECV_BYTES = 65_536
"""Bytes asked of the socket in one call."""
READS_PER_TURN = 16
"""Calls to the socket before the loop gets its turn back: 1 MiB at most."""
MAX_UNSENT_BYTES = 1_048_576
"""What may wait for a venue that does not read; more ends the connection."""


class Connection:
    """Messages in, messages out; never blocks. `ended` is None while it lives, then the reason why it does not."""

    def __init__(self, sock: socket.socket, wire: Wire, received: bytes) -> None:
        """Take over a socket after its handshake, with the bytes that came behind the handshake."""
        sock.setblocking(False)
        self._sock = sock
        self._tls = sock if isinstance(sock, ssl.SSLSocket) else None
        self._wire = wire
        self._received = received
        self._unsent = b""
        self.bytes_received = 0
        self.more = bool(received)

    @property
    def ended(self) -> str | None:
        """Return why the connection is over; None while it lives."""
        return self._wire.ended

    @property
    def wants_write(self) -> bool:
        """Return whether bytes wait for the socket to take them."""
        return bool(self._unsent)

    def fileno(self) -> int:
        """Return the socket's file descriptor."""
        return self._sock.fileno()

    def receive(self) -> list[bytes]:
        """Return the messages that are there, in order, reading a bounded number of bytes.

        `more` tells afterwards that bytes are left which the file descriptor does not show as readable.
        """
        payloads: list[bytes] = []
        if self._received:
            data, self._received = self._received, b""
            payloads += self._wire.receive(data)
        for _ in range(READS_PER_TURN):
            data = self._recv()
            if not data or self.ended is not None:
                break
            self.bytes_received += len(data)
            payloads += self._wire.receive(data)
            if len(data) < RECV_BYTES and self._tls is None:
                break
        self.more = self._tls is not None and self._tls.pending() > 0
        self.flush()
        return payloads

    def send_text(self, payload: bytes) -> None:
        """Send a message, or keep it until the socket takes it."""
        self._wire.send_text(payload)
        self.flush()

    def send_ping(self) -> None:
        """Send a ping, or keep it until the socket takes it."""
        self._wire.send_ping()
        self.flush()

    def flush(self) -> None:
        """Write what waits, as far as the socket takes it."""
        written = self._wire.data_to_send()
        if not written and not self._unsent:
            return
        self._unsent += written
        try:
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if len(self._unsent) > MAX_UNSENT_BYTES:
                self._wire.ended = f"the venue does not read: {len(self._unsent)} bytes wait"
        except OSError as error:
            self._wire.ended = self.ended or f"writing failed: {error}"

    def close(self, reason: str) -> None:
        """Say goodbye if the socket takes it, and let go of the socket; nothing is waited for."""
        self._wire.send_close(reason)
        self.flush()
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def _recv(self) -> bytes:
        try:
            data = self._sock.recv(RECV_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b""
        except OSError as error:
            self._wire.ended = f"reading failed: {error}"
            return b""
        if not data:
            self._wire.receive_eof()
        return data
