"""Bytes to messages: whatever way a venue cuts its messages, and whatever it sends instead of them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from services.market_data.adapters.wire import Wire

LIMIT = 100_000

sizes = st.one_of(st.integers(0, 300), st.sampled_from([125, 126, 127, 65_535, 65_536, LIMIT]))


def wire(limit: int = LIMIT) -> Wire:
    return Wire(ClientProtocol(parse_uri("ws://venue/"), state=State.OPEN, max_size=limit), limit)


def text(payload: bytes) -> bytes:
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[bytes], bytes]:
    """Return messages, and the bytes in which a server may send them: whole or in fragments, among pings and pongs."""
    messages, sent = [], b""
    for _ in range(draw(st.integers(0, 6))):
        message = bytes(draw(st.integers(97, 122))) if draw(st.booleans()) else b"x" * draw(sizes)
        messages.append(message)
        parts = cut(message, draw(st.lists(st.integers(0, LIMIT), max_size=2))) or [b""]
        for number, part in enumerate(parts):
            opcode = Opcode.TEXT if number == 0 else Opcode.CONT
            sent += Frame(opcode, part, fin=number == len(parts) - 1).serialize(mask=False)
            if draw(st.booleans()):
                sent += Frame(draw(st.sampled_from([Opcode.PING, Opcode.PONG])), b"beat").serialize(mask=False)
    return messages, sent


@given(conversations(), st.lists(st.integers(0, 200_000), max_size=12))
def test_messages_come_whole_and_in_order(conversation: tuple[list[bytes], bytes], cuts: list[int]) -> None:
    messages, sent = conversation
    receiver = wire()
    received = [payload for chunk in cut(sent, cuts) for payload in receiver.receive(chunk)]
    assert received == messages
    assert receiver.ended is None


@given(st.lists(st.binary(max_size=400), max_size=10))
def test_no_bytes_make_it_fail(chunks: list[bytes]) -> None:
    receiver = wire()
    for chunk in chunks:
        if receiver.ended is None:
            receiver.receive(chunk)
    receiver.receive_eof()
    receiver.data_to_send()
    assert receiver.ended


@given(st.binary(max_size=200))
def test_a_ping_is_answered_with_its_own_bytes(data: bytes) -> None:
    receiver = wire()
    data = data[:125]
    assert receiver.receive(Frame(Opcode.PING, data).serialize(mask=False)) == []
    server = ServerProtocol(state=State.OPEN)
    server.receive_data(receiver.data_to_send())
    (pong,) = server.events_received()
    assert isinstance(pong, Frame)
    assert (pong.opcode, bytes(pong.data)) == (Opcode.PONG, data)
    assert receiver.pings_received == 1


def test_a_close_frame_ends_it_and_is_echoed() -> None:
    receiver = wire()
    closing = Frame(Opcode.CLOSE, Close(1001, "maintenance").serialize()).serialize(mask=False)
    assert receiver.receive(text(b"last") + closing + text(b"never")) == [b"last"]
    assert receiver.ended == "closed by the venue: 1001 (going away) maintenance"
    server = ServerProtocol(state=State.OPEN)
    server.receive_data(receiver.data_to_send())
    assert server.close_rcvd == Close(1001, "maintenance")


@pytest.mark.parametrize("size", [LIMIT + 1, 2**40])
def test_an_oversized_frame_is_refused_by_its_header(size: int) -> None:
    receiver = wire()
    assert receiver.receive(text(b"before") + b"\x81\x7f" + size.to_bytes(8, "big")) == [b"before"]
    assert receiver.ended is not None
    assert f"frame with {size} bytes exceeds limit of {LIMIT} bytes" in receiver.ended
    assert receiver.data_to_send()[0] & 0x0F == Opcode.CLOSE


def test_an_oversized_message_in_fragments_is_refused() -> None:
    receiver = wire(10)
    first = Frame(Opcode.TEXT, b"x" * 8, fin=False).serialize(mask=False)
    rest = Frame(Opcode.CONT, b"x" * 8).serialize(mask=False)
    assert receiver.receive(first + rest) == []
    assert receiver.ended is not None
    assert "exceeds limit" in receiver.ended


@pytest.mark.parametrize(
    "broken",
    [
        b"\xff\xff garbage",
        b"\x83\x00",  # a reserved opcode
        b"\xc1\x01x",  # a bit of an extension that was never agreed on
        Frame(Opcode.TEXT, b"x").serialize(mask=True),
        Frame(Opcode.CONT, b"x").serialize(mask=False),
        Frame(Opcode.TEXT, b"x", fin=False).serialize(mask=False) + text(b"y"),
    ],
)
def test_a_broken_protocol_ends_it_with_the_reason(broken: bytes) -> None:
    receiver = wire()
    assert receiver.receive(broken) == []
    assert receiver.ended is not None
    assert receiver.ended.startswith("the venue broke the WebSocket protocol: ")


def test_an_end_without_farewell_says_where() -> None:
    between, within = wire(), wire()
    between.receive_eof()
    within.receive(text(b"cut off")[:-1])
    within.receive_eof()
    assert between.ended == "the venue ended the connection without a closing handshake"
    assert within.ended == "the venue ended the connection in the middle of a frame"


def test_nothing_is_sent_after_the_end() -> None:
    sender = wire()
    sender.send_close("done")
    sender.data_to_send()
    sender.send_text(b"late")
    sender.send_ping()
    sender.send_close("again")
    assert sender.data_to_send() == b""
    assert sender.ended == "done"
