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
    HeaderError,
    Received,
    bound_socket,
    decode_header,
)
from common.bus.interests import Interests
from common.bus.peers import Peers
from common.codec import UndecodableError, decode
from common.messages import Heartbeat
from common.routes import HEARS, publisher_of

DRAIN_LIMIT = 1_000
"""Messages taken in one turn, so that commands and timers get theirs."""

_NOBLOCK, _MORE = zmq.NOBLOCK, zmq.RCVMORE


class FrameError(ValueError):
    """Frames that are no message of the bus; the text says what was expected and found."""


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
        self._table = CursorTable()
        self._ignored: set[bytes] = set()
        self._heartbeats: dict[str, Mapping[str, tuple[int, int]]] = {}
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
        self._table.resume(cursors)

    def cursors(self) -> dict[str, tuple[int, int]]:
        """Return each topic's (incarnation, last number delivered)."""
        return self._table.numbers()

    def drain(self, limit: int = DRAIN_LIMIT) -> list[Received]:
        """Return what has arrived and is due, in order; never waits."""
        deliveries: Deliveries = []
        receive, more, by_wire = self.socket.recv, self.socket.getsockopt, self._table.by_wire
        taken = 0
        for _ in range(limit):
            try:
                topic = receive(_NOBLOCK)
            except zmq.Again:
                break
            taken += 1
            # Frame by frame: recv_multipart costs half as much again.
            header = receive(_NOBLOCK) if more(_MORE) else b""
            payload = receive(_NOBLOCK) if more(_MORE) else None
            try:
                if payload is None or more(_MORE):
                    self._refuse_frames(payload)
                incarnation, number, sent_ns = decode_header(header)
                cursor = by_wire.get(topic)
                if cursor is None:
                    self._unfamiliar(topic, (incarnation, number, sent_ns), payload, deliveries)
                else:
                    cursor.take(Received(cursor.topic, incarnation, number, sent_ns, payload), deliveries)
            except (HeaderError, FrameError, UndecodableError) as error:
                self.cannot_read(f"{topic[:60]!r}: {error}")
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

    def is_synced(self) -> bool:
        """Return whether every publisher is alive and no wanted topic waits for something missing."""
        return self.peers.all_alive() and not self._table.waits(order_flow_only=False)

    def order_flow_synced(self) -> bool:
        """Return whether all publishers have been heard and their order flow has been taken to its end."""
        return self.peers.all_alive() and not self._table.waits(order_flow_only=True)

    def broken(self) -> list[str]:
        """Return why order flow cannot go on, a sentence for each topic concerned."""
        return self._table.broken()

    def open_gate(self) -> None:
        """Let market data in; until then only order flow is taken, so that nothing is decided on half a picture."""
        self._interests.order_flow_only = False
        self._ignored.clear()
        for last in self._heartbeats.values():
            self._reconcile(last)

    def take_lost(self) -> list[tuple[str, int]]:
        """Return (topic, how many) of what was lost for good since the last call."""
        return self._table.take_lost()

    def statistics(self) -> dict[str, int]:
        """Return totals over all topics: received, gaps, missing, conflated, duplicates, recovered, restarts, …."""
        return {
            "received": self.received,
            **self._table.totals(),
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
            self._take_heartbeat(header[0], decode(payload))
        elif self._interests.takes(topic) and len(self._table.by_topic) < TOPIC_LIMIT:
            self._table.of(topic).take(Received(topic, *header, payload), out)
        elif len(self._ignored) < TOPIC_LIMIT:
            self._ignored.add(wire)

    def _take_heartbeat(self, incarnation: int, heartbeat: object) -> None:
        if not isinstance(heartbeat, Heartbeat) or not self.peers.knows(heartbeat.service):
            raise FrameError(f"expected a heartbeat of {', '.join(self.publishers())}, found {str(heartbeat)[:100]}")
        if self.peers.heard(heartbeat.service, incarnation):
            for topic, cursor in self._table.by_topic.items():
                cursor.doubt(*heartbeat.last.get(topic, (0, 0)))
        self._heartbeats[heartbeat.service] = heartbeat.last
        self._reconcile(heartbeat.last)

    def _reconcile(self, last: Mapping[str, tuple[int, int]]) -> None:
        by_topic, takes = self._table.by_topic, self._interests.takes
        for topic, (incarnation, number) in last.items():
            cursor = by_topic.get(topic)
            if cursor is not None and cursor.number == number and cursor.incarnation == incarnation:
                continue
            if takes(topic) and len(by_topic) < TOPIC_LIMIT:
                self._table.of(topic).expect(incarnation, number)

    def _ask_for_missing(self) -> None:
        for cursor in self._table.waiting():
            self.peers.ask(publisher_of(cursor.topic), cursor)
