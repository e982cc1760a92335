"""The WebSocket feed against everything that goes wrong at a venue: it says why, comes back, counts, and leaks nothing."""

import gzip
import json
import os
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from common.clock import monotonic_ns
from services.market_data.adapters.websocket import WebSocketFeed, WebSocketSettings
from services.market_data.core.inputs import Connected, CoreInput, Disconnected, VenueFrame
from tests.integration.stand_in_harness import FRAMES, LONGEST_S, RECORDING, collect, stand_in

QUICK = WebSocketSettings(
    max_frame_bytes=1_000_000,
    ping_after_s=0.2,
    pong_within_s=5.0,
    first_delay_s=0.01,
    longest_delay_s=0.05,
)
IMPATIENT = replace(QUICK, pong_within_s=0.1)
HASTY = replace(QUICK, connect_within_s=0.3)
"""For venues that never answer a handshake; one that does may take its time."""
NOW_NS = 1_700_000_000_000_000_000


@contextmanager
def feeding(url: str, settings: WebSocketSettings = QUICK) -> Iterator[WebSocketFeed]:
    feed = WebSocketFeed(url, settings, random.Random(1))
    feed.connect()
    try:
        yield feed
    finally:
        feed.close(LONGEST_S)


def taken(feed: WebSocketFeed, enough: Callable[[list[CoreInput]], bool]) -> list[CoreInput]:
    return collect(feed, [feed.fileno()], lambda: feed.drain(NOW_NS), enough)


def payloads(inputs: list[CoreInput]) -> list[bytes]:
    return [each.payload for each in inputs if isinstance(each, VenueFrame)]


def changes(inputs: list[CoreInput]) -> list[CoreInput]:
    return [each for each in inputs if not isinstance(each, VenueFrame)]


def recorded() -> list[bytes]:
    with gzip.open(RECORDING, "rt") as file:
        return [json.loads(line)["frame"].encode() for line in file]


def frames(count: int) -> Callable[[list[CoreInput]], bool]:
    return lambda inputs: len(payloads(inputs)) >= count


def connected_again(inputs: list[CoreInput]) -> bool:
    return Connected(2) in inputs


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        # An aborted connection ends in a FIN or in an RST, as the kernel finds it.
        ("drop@300", ("the venue ended the connection without", "reading failed: [Errno 104] Connection reset")),
        ("close@300", "closed by the venue: 1001 (going away)"),
        ("close@300:1013", "closed by the venue: 1013 (try again later)"),
        ("corrupt@300", "the venue broke the WebSocket protocol: invalid opcode"),
        ("huge@300:1000001", "the venue broke the WebSocket protocol: frame with 1000001 bytes exceeds limit"),
    ],
)
def test_a_lost_connection_is_told_and_made_anew(fault: str, reason: str | tuple[str, ...]) -> None:
    with stand_in(fault, speed=20.0) as venue, feeding(venue.stream_url) as feed:
        inputs = taken(feed, lambda inputs: connected_again(inputs) and isinstance(inputs[-1], VenueFrame))
    first, lost, second = changes(inputs)
    assert (first, second) == (Connected(1), Connected(2))
    assert isinstance(lost, Disconnected)
    assert lost.reason.startswith(reason)
    before = payloads(inputs[: inputs.index(lost)])
    assert before == recorded()[: len(before)]
    after = payloads(inputs[inputs.index(second) :])
    assert recorded().index(after[0]) >= 299, "who comes back sees what is going on now"
    assert (feed.counts.connects, feed.counts.disconnects, feed.counts.failures) == (2, 2, 0)


def test_a_venue_that_falls_silent_is_pinged_and_given_up() -> None:
    with stand_in("stall@300:1") as venue, feeding(venue.stream_url, IMPATIENT) as feed:
        inputs = taken(feed, connected_again)
        assert Disconnected("no sign of life for 0.3 s") in inputs
        assert feed.counts.pings_sent >= 1


def test_a_quiet_venue_that_answers_pings_is_kept() -> None:
    with stand_in() as venue, feeding(f"{venue.ws_url}/stream") as feed:
        inputs = taken(feed, lambda _: feed.counts.pings_sent >= 3)
    assert inputs == [Connected(1)]


def test_garbage_in_a_message_is_passed_on_to_who_can_judge_it() -> None:
    with stand_in("garbage@300") as venue, feeding(venue.stream_url) as feed:
        inputs = taken(feed, frames(FRAMES + 1))
    wanted = recorded()
    assert payloads(inputs) == [*wanted[:299], b'{"stream":"btcusdt@trade","data":{"e":"tra', *wanted[299:]]
    assert changes(inputs) == [Connected(1)]


@pytest.mark.parametrize(
    ("fault", "order"),
    [
        ("fragment@300", [*range(600)]),
        ("skip@300", [*range(299), *range(300, 600)]),
        ("duplicate@300", [*range(300), *range(299, 600)]),
        ("skip@2:depth", [0, *range(2, 600)]),
        ("reorder@2:depth", [0, *range(2, 6), 1, *range(6, 600)]),
    ],
)
def test_frames_come_as_they_are_sent(fault: str, order: list[int]) -> None:
    with stand_in(fault) as venue, feeding(venue.stream_url) as feed:
        inputs = taken(feed, frames(len(order)))
    wanted = recorded()
    assert payloads(inputs) == [wanted[position] for position in order]
    assert {each.received_ns for each in inputs if isinstance(each, VenueFrame)} == {NOW_NS}
    assert feed.counts.frames == len(order)


def test_an_old_connection_is_replaced_before_the_venue_ends_it() -> None:
    settings = WebSocketSettings(renew_after_s=0.05, ping_after_s=5.0)
    with stand_in(speed=1.0) as venue, feeding(venue.stream_url, settings) as feed:
        inputs = taken(feed, lambda inputs: Connected(3) in inputs)
    replaced = Disconnected("replaced by a younger connection")
    assert changes(inputs) == [Connected(1), replaced, Connected(2), replaced, Connected(3)]
    assert (feed.counts.renewals, feed.counts.failures) == (2, 0)


def test_many_reconnections_leave_no_thread_and_no_descriptor_behind() -> None:
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    faults = [f"drop@{number}" for number in range(20, 600, 10)]
    with stand_in(*faults, speed=4.0) as venue, feeding(venue.stream_url) as feed:
        taken(feed, lambda inputs: Connected(6) in inputs)
    # Fewer is well: what tests before this one left behind may have gone meanwhile.
    assert threading.active_count() <= threads
    assert len(os.listdir("/proc/self/fd")) <= descriptors


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a TCP server that does the same with every connection; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                kept.append(connection)
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/stream"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(LONGEST_S)
            for connection in kept:
                connection.close()


def says(text: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(text)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "handshake: expected an HTTP answer, found 'SSH-2.0-OpenSSH_9.2\\r\\n'"),
        (says(b"\x00\x01\x02"), "handshake: expected an HTTP answer, found '\\x00\\x01\\x02'"),
        (says(b"HTTP/1.1 404 Not Found\r\n\r\n"), "handshake refused: 'HTTP/1.1 404 Not Found'"),
        (says(b"HTTP/1.1 101 Yes\r\n\r\n"), "handshake answered wrongly: missing Connection header"),
        (says(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000), "handshake: expected an HTTP answer, found"),
        (says(b"HTTP/1.1 "), "handshake: no answer in time"),
        (lambda connection: None, "handshake: no answer in time"),
        (lambda connection: connection.shutdown(socket.SHUT_RDWR), "handshake: the venue ended the connection"),
    ],
)
def test_a_handshake_that_fails_says_why_and_is_tried_again(
    answer: Callable[[socket.socket], None], reason: str
) -> None:
    with answering(answer) as url, feeding(url, HASTY) as feed:
        inputs = taken(feed, lambda inputs: len(inputs) >= 2)
    for each in inputs:
        assert isinstance(each, Disconnected)
        assert each.reason.startswith((reason, "handshake with"))
    assert feed.counts.failures >= 2
    assert feed.counts.connects == 0


def test_a_venue_that_asks_for_patience_gets_it() -> None:
    refusal = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\n\r\n"
    with answering(says(refusal)) as url, feeding(url) as feed:
        inputs = taken(feed, lambda inputs: len(inputs) >= 1)
        deadline_ns = feed.next_deadline_ns()
    assert inputs == [Disconnected("handshake refused: 'HTTP/1.1 429 Too Many Requests'")]
    assert deadline_ns is not None
    assert 25e9 < deadline_ns - monotonic_ns() <= 30e9


def test_a_venue_that_is_not_there_is_found_when_it_comes() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    with feeding(f"ws://127.0.0.1:{port}/stream") as feed:
        inputs = taken(feed, lambda inputs: len(inputs) >= 5)
        refused = f"connecting to 127.0.0.1:{port} failed: [Errno 111] Connection refused"
        assert inputs == [Disconnected(refused)] * 5
        with stand_in(port=port):
            taken(feed, lambda inputs: Connected(1) in inputs)


def test_a_name_that_nobody_knows_is_said() -> None:
    with feeding("ws://nobody.invalid/stream") as feed:
        (lost,) = taken(feed, lambda inputs: len(inputs) >= 1)
    assert isinstance(lost, Disconnected)
    assert lost.reason.startswith("connecting to nobody.invalid:80 failed: ")


def test_a_feed_can_be_closed_while_it_is_dialling() -> None:
    with answering(lambda connection: None) as url:
        before = threading.active_count()
        with feeding(url, HASTY):
            pass
        assert threading.active_count() == before


def test_without_a_connection_a_message_is_dropped_and_counted() -> None:
    with answering(lambda connection: None) as url, feeding(url, HASTY) as feed:
        assert not feed.send_text(b"{}")
        assert feed.counts.sends_dropped == 1


def test_a_venue_that_does_not_read_is_left() -> None:
    def handshake_only(connection: socket.socket) -> None:
        request = connection.recv(4_096)
        key = next(line.split(b": ")[1] for line in request.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
        from websockets.utils import accept_key

        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept_key(key.decode()).encode()
        )

    with answering(handshake_only) as url, feeding(url) as feed:
        taken(feed, lambda inputs: Connected(1) in inputs)
        for _ in range(200):
            feed.send_text(b"x" * 65_536)
        (lost,) = taken(feed, lambda inputs: len(inputs) >= 1)
    assert isinstance(lost, Disconnected)
    assert lost.reason.startswith("the venue does not read: ")


@pytest.mark.parametrize("url", ["http://venue/", "ws:venue", "wss://venue:99999/", "venue", ""])
def test_a_url_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="expected ws://host"):
        WebSocketFeed(url, QUICK, random.Random(1))
