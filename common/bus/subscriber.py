"""The receiving end: one SUB socket for all publishers, numbers checked per topic, gaps asked for and filled.

How it works: each topic has a cursor (incarnation, last number delivered). A message with the next number is delivered
at once. A higher number, or a heartbeat that tells of one, means loss: the topic waits, its publisher is asked for what
follows the cursor, and what came meanwhile is held (bounded) until the hole is filled. A lower number is a repeat and
is dropped. A topic first met is joined the same way, from its cursor in the journal or from the beginning.
"""

from collections.abc import Iterable, Mapping
from typing import NoReturn

import zmq

from common.bus.cursor_table import TOPIC_LIMIT, CursorTable
from common.bus.cursors import Deliveries
from common.bus.frames import (
    HEARTBEAT_TOPIC,
    HIGH_WATER_MARK,
    FrameError,
    HeaderError,
    Received,
    bound_socket,
    decode_header,
)
from common.bus.heartbeats import Heartbeats
from common.bus.interests import Interests
from common.bus.peers import Peers
from common.codec import UndecodableError, decode
from common.routes import HEARS, publisher_of

DRAIN_LIMIT = 1_000
"""Messages taken in one turn, so that commands and timers get theirs."""

FEW = 4
"""Messages after each of which the socket is asked whether there is more: an exception that says no costs more."""

# Plain integers: what pyzmq calls them is looked up in a slow table at every use.
_NOBLOCK, _MORE, _EVENTS, _IN = int(zmq.NOBLOCK), int(zmq.RCVMORE), int(zmq.EVENTS), int(zmq.POLLIN)


class Subscriber:
    """Everything one service hears.

    received: messages that arrived on the stream. undecodable: frames or payloads that could not be understood;
    last_error says why the latest could not.
    """

    def __init__(
        self, socket: "zmq.Socket[bytes]", peers: Peers, service: str, wanted: Iterable[str] | None = None
    ) -> None:
        """Subscribe on an unconnected SUB socket; `wanted` are topics and dotted prefixes, by default the routes'."""
        self.socket = socket
        bound_socket(socket, HIGH_WATER_MARK, linger_ms=0)
        self.peers = peers
        self._interests = Interests(HEARS[service] if wanted is None else wanted)
        self.table = CursorTable()
        self._ignored: set[bytes] = set()
        self._heartbeats = Heartbeats(self._interests, self.table, peers)
        self.received = 0
        self.undecodable = 0
        self.last_error = ""
        for topic in self._interests.subscriptions():
            socket.subscribe(topic)

    @property
    def gate_open(self) -> bool:
        """Return whether market data is let in."""
        return not self._interests.order_flow_only

    def publishers(self) -> list[str]:
        """Return the services that are heard, in the order of first mention."""
        return self._interests.publishers

    def resume(self, cursors: Mapping[str, tuple[int, int]]) -> None:
        """Start from these cursors (topic to (incarnation, last number)), kept in the reader's own journal."""
        self.table.resume(cursors)

    def cursors(self) -> dict[str, tuple[int, int]]:
        """Return each topic's (incarnation, last number delivered)."""
        return self.table.numbers()

    def drain(self, limit: int = DRAIN_LIMIT) -> list[Received]:
        """Return what has arrived and is due, in order; never waits."""
        deliveries: Deliveries = []
        receive, ask, by_wire = self.socket.recv, self.socket.getsockopt, self.table.by_wire
        taken = 0
        for _ in range(limit):
            try:
                topic = receive(_NOBLOCK)
            except zmq.Again:
                break
            taken += 1
            # Frame by frame: recv_multipart costs half as much again.
            header = receive(_NOBLOCK) if ask(_MORE) else b""
            payload = receive(_NOBLOCK) if ask(_MORE) else None
            try:
                if payload is None or ask(_MORE):
                    self._refuse_frames(payload)
                incarnation, number, sent_ns = decode_header(header)
                cursor = by_wire.get(topic)
                if cursor is None:
                    self._unfamiliar(topic, (incarnation, number, sent_ns), payload, deliveries)
                else:
                    cursor.take(Received(cursor.topic, incarnation, number, sent_ns, payload), deliveries)
            except (HeaderError, FrameError, UndecodableError) as error:
                self.cannot_read(f"{topic[:60]!r}: {error}")
            if taken <= FEW and not int(ask(_EVENTS)) & _IN:
                break
        self.received += taken
        if self.peers.expects_answers:
            self.peers.collect(deliveries)
        self._ask_for_missing()
        return deliveries

    def collect(self) -> list[Received]:
        """Return what answers to replay requests brought; call it when a socket of `peers` can be read."""
        deliveries: Deliveries = []
        self.peers.collect(deliveries)
        self._ask_for_missing()
        return deliveries

    def cannot_read(self, error: str) -> None:
        """Count a message that was not understood, and keep why."""
        self.undecodable += 1
        self.last_error = error

    def is_synced(self, *, order_flow_only: bool = False) -> bool:
        """Return whether every publisher is alive and nothing (of the order flow) waits for something missing."""
        return self.peers.all_alive() and not self.table.waits(order_flow_only=order_flow_only)

    def open_gate(self) -> None:
        """Let market data in; until then only order flow is taken, so that nothing is decided on half a picture."""
        self._interests.order_flow_only = False
        self._ignored.clear()
        self._heartbeats.take_again()

    def take_lost(self) -> list[tuple[str, int]]:
        """Return (topic, how many) of what was lost for good since the last call."""
        return self.table.take_lost()

    def statistics(self) -> dict[str, int]:
        """Return totals over all topics: received, gaps, missing, conflated, duplicates, recovered, restarts, …."""
        return {
            "received": self.received,
            **self.table.totals(),
            "undecodable": self.undecodable,
            "unanswered": self.peers.unanswered,
        }

    def _refuse_frames(self, payload: bytes | None) -> NoReturn:
        extra = 0
        while self.socket.getsockopt(_MORE):
            self.socket.recv(_NOBLOCK)
            extra += 1
        raise FrameError(f"expected three frames, found {'fewer' if payload is None else 3 + extra}")

    def _unfamiliar(self, wire: bytes, header: tuple[int, int, int], payload: bytes, out: Deliveries) -> None:
        """Take a message of a topic without a cursor: a heartbeat, or a topic met for the first time."""
        if wire in self._ignored:
            return
        try:
            topic = wire.decode()
        except UnicodeDecodeError as error:
            raise FrameError(f"expected a topic in UTF-8: {error}") from error
        if topic.startswith(HEARTBEAT_TOPIC):
            self._heartbeats.take(header[0], decode(payload))
        elif self._interests.takes(topic) and len(self.table.by_topic) < TOPIC_LIMIT:
            self.table.of(topic).take(Received(topic, *header, payload), out)
        elif len(self._ignored) < TOPIC_LIMIT:
            self._ignored.add(wire)

    def _ask_for_missing(self) -> None:
        for cursor in self.table.waiting():
            self.peers.ask(publisher_of(cursor.topic), cursor)
