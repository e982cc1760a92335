"""The receiving end: one SUB socket for all publishers, numbers checked per topic, gaps asked for and filled.

How it works: each topic has a cursor (incarnation, last number delivered). A message with the next number is delivered
at once. A higher number, or a heartbeat that tells of one, means loss: the topic waits, its publisher is asked for what
follows the cursor, and what came meanwhile is held (bounded) until the hole is filled. A lower number is a repeat and
is dropped. A topic first met is joined the same way, from its cursor in the journal or from the beginning.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import zmq

from common.bus.cursors import Cursor, Deliveries
from common.bus.frames import (
    HEALTH_TOPIC,
    HEARTBEAT_TOPIC,
    HIGH_WATER_MARK,
    MAX_FRAME_BYTES,
    HeaderError,
    Received,
    decode_header,
)
from common.bus.peers import Peers
from common.codec import UndecodableError, decode
from common.messages import Heartbeat
from common.routes import HEARS, Retention, publisher_of, retention_of

DRAIN_LIMIT = 1_000
"""Messages taken in one turn, so that commands and timers get theirs."""


class Subscriber:
    """Everything one service hears."""

    def __init__(self, socket: "zmq.Socket[bytes]", peers: Peers, service: str, wanted: Iterable[str] | None = None) -> None:
        """Subscribe on an unconnected SUB socket; `wanted` are topics and dotted prefixes, by default the routes'."""
        self.socket = socket
        socket.rcvhwm = HIGH_WATER_MARK
        socket.maxmsgsize = MAX_FRAME_BYTES
        self.peers = peers
        self._service = service
        self._wanted = tuple(HEARS[service] if wanted is None else wanted)
        self._cursors: dict[str, Cursor] = {}
        self._ignored: set[bytes] = set()
        self._by_wire: dict[bytes, Cursor] = {}
        self._attention: list[Cursor] = []
        self._heartbeat_numbers: dict[str, Mapping[str, tuple[int, int]]] = {}
        self.gate_open = False
        self.undecodable = 0
        self.last_error = ""
        for topic in self._wanted:
            socket.subscribe(topic.encode())
        for publisher in self.publishers():
            socket.subscribe((HEARTBEAT_TOPIC + publisher).encode())

    def publishers(self) -> list[str]:
        """Return the services that are heard, in the order of first mention."""
        return list(dict.fromkeys(publisher_of(topic) for topic in self._wanted))

    def resume(self, cursors: Mapping[str, tuple[int, int]]) -> None:
        """Start from these cursors (topic to (incarnation, last number)), kept in the reader's own journal."""
        for topic, (incarnation, number) in cursors.items():
            self._cursor(topic).resume(incarnation, number)

    def cursors(self) -> dict[str, tuple[int, int]]:
        """Return each topic's (incarnation, last number delivered)."""
        return {topic: (cursor.incarnation, cursor.number) for topic, cursor in self._cursors.items()}

    def drain(self, limit: int = DRAIN_LIMIT) -> list[Received]:
        """Return what has arrived and is due, in order; never waits."""
        deliveries: Deliveries = []
        receive, by_wire = self.socket.recv_multipart, self._by_wire
        for _ in range(limit):
            try:
                frames = receive(zmq.NOBLOCK)
            except zmq.Again:
                break
            cursor = by_wire.get(frames[0])
            if cursor is None or len(frames) != 3:
                self._unfamiliar(frames, deliveries)
                continue
            try:
                incarnation, number, sent_ns = decode_header(frames[1])
            except HeaderError as error:
                self._undecodable(frames[0], error)
                continue
            cursor.take(Received(cursor.topic, incarnation, number, sent_ns, frames[2]), deliveries)
        self.peers.collect(self._cursors, deliveries)
        self._ask_for_missing()
        return deliveries

    def on_deadline(self) -> None:
        """Repeat requests that got no answer."""
        self._ask_for_missing()

    def is_synced(self) -> bool:
        """Return whether every publisher is alive and no wanted topic waits for something missing."""
        return self.peers.all_alive() and not any(cursor.waiting for cursor in self._cursors.values())

    def open_gate(self) -> None:
        """Let market data in; until then only order flow is taken, so that nothing is decided on half a picture."""
        self.gate_open = True
        self._ignored.clear()
        for last in self._heartbeat_numbers.values():
            self._reconcile(last)

    def order_flow_synced(self) -> bool:
        """Return whether all publishers have been heard and their order flow has been taken to its end."""
        return self.peers.all_alive() and not any(
            cursor.waiting for cursor in self._cursors.values() if cursor.retention is Retention.JOURNAL
        )

    def _unfamiliar(self, frames: list[bytes], deliveries: Deliveries) -> None:
        """Take a frame of a topic without a cursor: a heartbeat, or a topic met for the first time."""
        if frames[0] in self._ignored:
            return
        try:
            topic = frames[0].decode()
            incarnation, number, sent_ns = decode_header(frames[1])
            if topic.startswith(HEARTBEAT_TOPIC):
                message = decode(frames[2])
                if isinstance(message, Heartbeat):
                    self._heartbeat(message)
            elif topic.startswith(HEALTH_TOPIC) or not self._takes(topic):
                self._ignored.add(frames[0])
            else:
                self._cursor(topic).take(Received(topic, incarnation, number, sent_ns, frames[2]), deliveries)
        except (HeaderError, UndecodableError, UnicodeDecodeError, IndexError) as error:
            self._undecodable(frames[0], error)

    def _heartbeat(self, heartbeat: Heartbeat) -> None:
        self.peers.heard(heartbeat.service)
        self._heartbeat_numbers[heartbeat.service] = heartbeat.last
        self._reconcile(heartbeat.last)

    def _reconcile(self, last: Mapping[str, tuple[int, int]]) -> None:
        for topic, (incarnation, number) in last.items():
            if self._takes(topic):
                self._cursor(topic).expect(incarnation, number)

    def _takes(self, topic: str) -> bool:
        if not self.gate_open and retention_of(topic) is not Retention.JOURNAL:
            return False
        return any(topic == wanted or (wanted.endswith(".") and topic.startswith(wanted)) for wanted in self._wanted)

    def _cursor(self, topic: str) -> Cursor:
        cursor = self._cursors.get(topic)
        if cursor is None:
            cursor = self._cursors[topic] = Cursor(topic, retention_of(topic), self._attention)
            self._by_wire[topic.encode()] = cursor
        return cursor

    def _ask_for_missing(self) -> None:
        if not self._attention:
            return
        self._attention[:] = [cursor for cursor in self._attention if cursor.waiting]
        for cursor in self._attention:
            self.peers.ask(publisher_of(cursor.topic), cursor)

    def take_lost(self) -> list[tuple[str, int]]:
        """Return (topic, how many) of what was lost for good since the last call."""
        return [(topic, lost) for topic, cursor in self._cursors.items() if (lost := cursor.take_lost())]

    def _undecodable(self, topic: bytes, error: Exception) -> None:
        self.undecodable += 1
        self.last_error = f"{topic[:60]!r}: {error}"

    def statistics(self) -> dict[str, Any]:
        """Return totals over all topics: gaps, missing, duplicates, recovered, undecodable."""
        cursors = self._cursors.values()
        return {
            "gaps": sum(cursor.gaps for cursor in cursors),
            "missing": sum(cursor.missing for cursor in cursors),
            "conflated": sum(cursor.conflated for cursor in cursors),
            "duplicates": sum(cursor.duplicates for cursor in cursors),
            "recovered": sum(cursor.recovered for cursor in cursors),
            "undecodable": self.undecodable,
        }
