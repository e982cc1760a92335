"""From a URL to an open connection: name lookup, TCP, TLS and the WebSocket handshake, in a thread of its own.

These are the only steps that may block; the event loop goes on meanwhile and is woken with the outcome.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from common.clock import monotonic_ns
from services.market_data.adapters.connection import Connection
from services.market_data.adapters.wire import Wire

MAX_HANDSHAKE_BYTES = 65_536
"""Most bytes of an answer to the handshake that are read before it is given up."""
_NS_PER_S = 1_000_000_000
_HEAD_END = b"\r\n\r\n"
_SHOWN_BYTES = 80


class DialError(Exception):
    """No connection came about; the text says at which step and why."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Dialing(NamedTuple):
    """What a connection is made from. `timeout_s` covers all steps after the name lookup."""

    url: str
    timeout_s: float
    max_frame_bytes: int
    tls: ssl.SSLContext


def checked_url(url: str) -> str:
    """Return a WebSocket URL unchanged; ValueError names what was expected."""
    try:
        parse_uri(url)
        urlsplit(url).port  # noqa: B018 - reading it is the check that it is a number in range
    except (InvalidURI, ValueError) as error:
        raise ValueError(f"WebSocket URL {url!r}: expected ws://host[:port]/path or wss://…: {error}") from error
    return url


def dial(wanted: Dialing) -> Connection:
    """Return an open connection. Blocks; DialError says why there is none."""
    uri = parse_uri(wanted.url)
    deadline_ns = monotonic_ns() + int(wanted.timeout_s * _NS_PER_S)
    sock = _secured(_connected(uri, wanted), uri, wanted)
    try:
        return _open(sock, uri, wanted, deadline_ns)
    except OSError as error:
        sock.close()
        raise DialError(f"handshake with {uri.host}:{uri.port} failed: {_text(error)}") from error
    except DialError:
        sock.close()
        raise


class Attempt:
    """One dialling, under way in a daemon thread."""

    def __init__(self, wanted: Dialing, wake: Callable[[], None]) -> None:
        self._wanted = wanted
        self._wake = wake
        self._lock = threading.Lock()
        self._abandoned = False
        self._outcome: Connection | DialError | None = None
        self._thread = threading.Thread(target=self._run, name="market-data-dial", daemon=True)
        self._thread.start()

    def outcome(self) -> Connection | DialError | None:
        """Return the connection or why there is none; None while it is under way."""
        alive = self._thread.is_alive()  # Asked first: the thread may end between the two questions.
        with self._lock:
            outcome = self._outcome
        assert outcome is not None or alive, "dialling ended without an outcome"
        return outcome

    def abandon(self, timeout_s: float) -> None:
        """Take no connection any more, wait at most `timeout_s` for the thread, close what it still brings."""
        with self._lock:
            self._abandoned = True
            outcome, self._outcome = self._outcome, None
        if isinstance(outcome, Connection):
            outcome.close("not wanted any more")
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            outcome: Connection | DialError = dial(self._wanted)
        except DialError as error:
            outcome = error
        with self._lock:
            if not self._abandoned:
                self._outcome = outcome
                self._wake()
                return
        if isinstance(outcome, Connection):
            outcome.close("not wanted any more")


def _connected(uri: WebSocketURI, wanted: Dialing) -> socket.socket:
    try:
        sock = socket.create_connection((uri.host, uri.port), wanted.timeout_s)
    except OSError as error:
        raise DialError(f"connecting to {uri.host}:{uri.port} failed: {_text(error)}") from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return sock


def _secured(sock: socket.socket, uri: WebSocketURI, wanted: Dialing) -> socket.socket:
    if not uri.secure:
        return sock
    try:
        return wanted.tls.wrap_socket(sock, server_hostname=uri.host)
    except (OSError, ValueError) as error:
        sock.close()
        raise DialError(f"TLS with {uri.host}:{uri.port} failed: {_text(error)}") from error


def _open(sock: socket.socket, uri: WebSocketURI, wanted: Dialing, deadline_ns: int) -> Connection:
    protocol = ClientProtocol(uri, max_size=wanted.max_frame_bytes)
    protocol.send_request(protocol.connect())
    sock.sendall(b"".join(protocol.data_to_send()))
    head, behind = _answer(sock, deadline_ns)
    status = head.split(b"\r\n", 1)[0]
    if status.split(b" ")[1:2] != [b"101"]:
        raise DialError(f"handshake refused: {_shown(status)}", _retry_after_s(head))
    protocol.receive_data(head)
    if protocol.state is not State.OPEN:
        raise DialError(f"handshake answered wrongly: {protocol.handshake_exc}")
    protocol.events_received()  # The answer itself; from here on there are frames only.
    return Connection(sock, Wire(protocol, wanted.max_frame_bytes), behind)


def _answer(sock: socket.socket, deadline_ns: int) -> tuple[bytes, bytes]:
    """Return the HTTP head, and the bytes that came behind it."""
    answer = b""
    while _HEAD_END not in answer:
        left_ns = deadline_ns - monotonic_ns()
        if left_ns <= 0:
            raise DialError("handshake: no answer in time")
        sock.settimeout(left_ns / _NS_PER_S)
        data = sock.recv(4_096)
        if not data:
            raise DialError(f"handshake: the venue ended the connection after {len(answer)} bytes")
        answer += data
        if len(answer) > MAX_HANDSHAKE_BYTES or not b"HTTP/"[: len(answer)] == answer[:5]:
            raise DialError(f"handshake: expected an HTTP answer, found {_shown(answer)}")
    head, end, behind = answer.partition(_HEAD_END)
    return head + end, behind


def _retry_after_s(head: bytes) -> float:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"retry-after" and value.strip().isdigit():
            return float(value)
    return 0.0


def _shown(answer: bytes) -> str:
    return repr(answer[:_SHOWN_BYTES])[1:]


def _text(error: OSError | ValueError) -> str:
    return str(error) or type(error).__name__
