"""Bytes of one WebSocket connection to text payloads and back, without a socket.

How it works: the handshake, control frames, fragments and every error are the business of websockets' Sans-I/O
protocol. What a venue sends is nearly always a whole, unmasked text frame; those are cut out here directly, at a
seventh of the cost. That is safe because the protocol is only ever given whole frames: whenever a frame begins, it
waits for the beginning of one.
"""

from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

_FINAL_TEXT = 0x81
"""First byte of an unfragmented text frame without extensions (RFC 6455, 5.2)."""
_MASKED = 0x80
_MEDIUM_LENGTH = 126
_LONG_LENGTH = 127
_SHORT_HEADER, _MEDIUM_HEADER, _LONG_HEADER = 2, 4, 10


class Wire:
    """One open WebSocket connection. `ended` is None while it lives, then the reason why it does not."""

    def __init__(self, protocol: ClientProtocol, max_frame_bytes: int) -> None:
        assert protocol.state is State.OPEN, "the handshake comes first"
        self._protocol = protocol
        self._max_frame_bytes = max_frame_bytes
        self._rest = b""
        self._fragments: list[bytes] = []
        self.ended: str | None = None
        self.pings_received = 0
        self.pongs_received = 0

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes from the socket; return the messages they complete, in order."""
        if self._rest:
            data = self._rest + data
        payloads: list[bytes] = []
        position, size = 0, len(data)
        while size - position >= _SHORT_HEADER:
            head = data[position + 1]
            start = position + _header_size(head)
            if start > size:
                break
            end = start + (head if head < _MEDIUM_LENGTH else int.from_bytes(data[position + 2 : start], "big"))
            if head >= _MASKED or end - start > self._max_frame_bytes:
                end = start  # The protocol refuses it by its header; the payload is not waited for.
            if end > size:
                break
            if data[position] == _FINAL_TEXT and end > start and not self._fragments:
                payloads.append(data[start:end])
            else:
                self._take_frame(data[position:end], payloads)
                if self.ended is not None:
                    break
            position = end
        self._rest = data[position:]
        return payloads

    def receive_eof(self) -> None:
        """Take the end of the stream."""
        if self.ended is None:
            where = "in the middle of a frame" if self._rest else "without a closing handshake"
            self.ended = f"the venue ended the connection {where}"

    def send_text(self, payload: bytes) -> None:
        """Queue a text message; ignored once the connection has ended."""
        if self.ended is None:
            self._protocol.send_text(payload)

    def send_ping(self) -> None:
        """Queue a ping; ignored once the connection has ended."""
        if self.ended is None:
            self._protocol.send_ping(b"")

    def send_close(self, reason: str) -> None:
        """Queue a normal close frame and end; ignored once the connection has ended."""
        if self.ended is None:
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self.ended = reason

    def data_to_send(self) -> bytes:
        """Return the bytes to write to the socket now, and forget them."""
        return b"".join(self._protocol.data_to_send())

    def _take_frame(self, data: bytes, payloads: list[bytes]) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            assert isinstance(event, Frame), "the handshake is over"
            self._take_event(event, payloads)
        error = self._protocol.parser_exc
        if error is not None:
            self.ended = f"the venue broke the WebSocket protocol: {error}"

    def _take_event(self, frame: Frame, payloads: list[bytes]) -> None:
        match frame.opcode:
            case Opcode.TEXT | Opcode.BINARY | Opcode.CONT:
                self._fragments.append(bytes(frame.data))
                if frame.fin:
                    payloads.append(b"".join(self._fragments))
                    self._fragments.clear()
            case Opcode.PING:
                self.pings_received += 1  # The protocol has queued the pong already.
            case Opcode.PONG:
                self.pongs_received += 1
            case Opcode.CLOSE:
                self.ended = f"closed by the venue: {self._protocol.close_rcvd}"


def _header_size(head: int) -> int:
    length = head & ~_MASKED
    if length < _MEDIUM_LENGTH:
        return _SHORT_HEADER
    return _MEDIUM_HEADER if length == _MEDIUM_LENGTH else _LONG_HEADER
