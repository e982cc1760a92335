"""The services a reader depends on: whether they live, and the asking for what was missed. Never waits."""

import os
from collections.abc import Mapping
from typing import Any

import zmq

from common.bus.cursors import Cursor
from common.bus.frames import HIGH_WATER_MARK, MAX_FRAME_BYTES, Received
from common.clock import Clock, monotonic_ns
from common.codec import UndecodableError, decode_reply, encode
from common.messages import Request

ASK_TIMEOUT_NS = 500_000_000
"""How long an answer to a replay request may take before it is asked again."""


class Peer:
    """One publisher: its command socket and when it was last heard."""

    def __init__(self, name: str, socket: "zmq.Socket[bytes]") -> None:
        self.name = name
        self.socket = socket
        socket.maxmsgsize = MAX_FRAME_BYTES
        socket.sndhwm = socket.rcvhwm = HIGH_WATER_MARK
        socket.linger = 0
        self.heard_ns: int | None = None


class Peers:
    """All publishers of a reader."""

    def __init__(self, peers: list[Peer], clock: Clock, timeout_ms: int) -> None:
        self._peers = {peer.name: peer for peer in peers}
        self._clock = clock
        self._timeout_ns = timeout_ms * 1_000_000
        self._asked: dict[str, tuple[str, int]] = {}
        self._topics: dict[str, str] = {}
        self.on_appeared: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self.unanswered = 0

    def sockets(self) -> list["zmq.Socket[bytes]"]:
        """Return the sockets to poll for answers."""
        return [peer.socket for peer in self._peers.values()]

    def heard(self, name: str) -> None:
        """Note a sign of life; a peer that appears is sent what was registered for it."""
        peer = self._peers[name]
        if not self._is_alive(peer):
            for command, arguments in self.on_appeared.get(name, ()):
                self._send(peer, command, arguments)
        peer.heard_ns = monotonic_ns()

    def all_alive(self) -> bool:
        """Return whether every peer was heard within the timeout."""
        return all(self._is_alive(peer) for peer in self._peers.values())

    def silent(self) -> list[str]:
        """Return the names of peers not heard within the timeout."""
        return [peer.name for peer in self._peers.values() if not self._is_alive(peer)]

    def tell(self, name: str, command: str, arguments: dict[str, Any]) -> None:
        """Send a command whose answer is not waited for."""
        self._send(self._peers[name], command, arguments)

    def ask(self, name: str, cursor: Cursor) -> None:
        """Ask the publisher for what follows the cursor, unless an answer may still be on its way."""
        asked = self._asked.get(cursor.topic)
        now_ns = monotonic_ns()
        if asked is not None and now_ns - asked[1] < ASK_TIMEOUT_NS:
            return
        if asked is not None:
            self.unanswered += 1
            self._topics.pop(asked[0], None)
        request_id = self._send(
            self._peers[name], "stream.replay", {"topic": cursor.topic, "start": cursor.number + 1}
        )
        self._asked[cursor.topic] = (request_id, now_ns)
        self._topics[request_id] = cursor.topic

    def collect(self, cursors: Mapping[str, Cursor], out: list[Received]) -> None:
        """Take all answers that have arrived and deliver what they bring."""
        for peer in self._peers.values():
            while True:
                try:
                    payload = peer.socket.recv(zmq.NOBLOCK)
                except zmq.Again:
                    break
                self._answer(payload, cursors, out)

    def _answer(self, payload: bytes, cursors: Mapping[str, Cursor], out: list[Received]) -> None:
        try:
            reply = decode_reply(payload)
        except UndecodableError:
            self.unanswered += 1
            return
        topic = self._topics.pop(reply.id, None)
        if topic is None or not reply.ok:
            return
        self._asked.pop(topic, None)
        incarnation = reply.result["incarnation"]
        messages = [
            Received(topic, incarnation, number, sent_ns, body) for number, sent_ns, body in reply.result["messages"]
        ]
        cursors[topic].answer(incarnation, reply.result["last"], messages, out)

    def _send(self, peer: Peer, command: str, arguments: dict[str, Any]) -> str:
        request_id = os.urandom(12).hex()
        deadline_ns = self._clock.now_ns() + ASK_TIMEOUT_NS
        request = Request(id=request_id, name=command, deadline_ns=deadline_ns, arguments=arguments)
        try:
            peer.socket.send(encode(request), zmq.NOBLOCK)
        except zmq.Again:
            self.unanswered += 1
        return request_id

    def _is_alive(self, peer: Peer) -> bool:
        return peer.heard_ns is not None and monotonic_ns() - peer.heard_ns < self._timeout_ns

    def close(self) -> None:
        """Close all sockets."""
        for peer in self._peers.values():
            peer.socket.close(linger=0)
