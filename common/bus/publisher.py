"""The sending end of a service's streams: numbers every topic, keeps what readers may ask for again."""

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import zmq

from common.bus.frames import HEARTBEAT_TOPIC, HIGH_WATER_MARK, LINGER_MS, MAX_FRAME_BYTES, encode_header
from common.bus.security import Security
from common.clock import Clock
from common.codec import encode
from common.journal import Journal
from common.messages import AnyMessage, Heartbeat
from common.routes import Retention, retention_of, topic_of

REPLAY_LIMIT = 2_000
"""Messages in one answer to a replay request; a reader asks again for the rest."""

type SnapshotOf = Callable[[str], AnyMessage | None]
"""Gives the whole of a SNAPSHOT topic as it stands, or None."""


class _Kept(NamedTuple):
    number: int
    sent_ns: int
    payload: bytes


class _Topic:
    """One topic's numbering and what is kept of it."""

    __slots__ = ("incarnation", "kept", "name", "number", "retention", "wire")

    def __init__(self, name: str, retention: Retention, incarnation: int, ring_size: int) -> None:
        self.name = name
        self.wire = name.encode()
        self.retention = retention
        self.incarnation = incarnation
        self.number = 0
        self.kept: deque[_Kept] = deque(maxlen=1 if retention is Retention.LATEST else ring_size)


class Publisher:
    """The only writer of a service's streams.

    Order flow goes to `outbox` before it goes to the socket: call `stage` for each message, flush the
    outbox, then call what `stage` returned. Everything else is sent with `publish`.
    """

    def __init__(  # noqa: PLR0913 - the parts a service is wired from; each has one owner
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        address: str,
        clock: Clock,
        *,
        ring_size: int = 4_096,
        outbox: Journal | None = None,
        security: Security | None = None,
    ) -> None:
        self.socket = context.socket(zmq.PUB)
        self.socket.sndhwm = HIGH_WATER_MARK
        self.socket.linger = LINGER_MS
        self.socket.maxmsgsize = MAX_FRAME_BYTES
        if security is not None:
            security.protect_server(self.socket)
        self.socket.bind(address)
        self._clock = clock
        self._ring_size = ring_size
        self._outbox = outbox
        self._process_incarnation = clock.now_ns() or 1
        self._topics: dict[str, _Topic] = {}
        self._unkept: dict[str, int] = {}
        self.snapshot_of: SnapshotOf = lambda _topic: None
        self.published = 0

    def publish(self, message: AnyMessage) -> None:
        """Number and send a message that is not order flow."""
        name = topic_of(message)
        assert name is not None, f"{type(message).__name__} has no topic"
        topic = self._topics.get(name) or self._open(name)
        assert topic.retention is not Retention.JOURNAL, f"{name} must be staged"
        topic.number += 1
        self._send(topic, _Kept(topic.number, self._clock.now_ns(), encode(message)))

    def stage(self, message: AnyMessage) -> Callable[[], None]:
        """Put a message of the journaled topic into the outbox's buffer; return what sends it after `flush`."""
        name = topic_of(message)
        assert name is not None and self._outbox is not None, f"{type(message).__name__} needs an outbox"
        topic = self._topics.get(name) or self._open(name)
        payload = encode(message)
        topic.number = self._outbox.append(payload)
        kept = _Kept(topic.number, self._clock.now_ns(), payload)
        return lambda: self._send(topic, kept)

    def open_journaled(self, name: str) -> None:
        """Take up the journaled topic where its outbox ends, so that heartbeats tell of it before the next message."""
        self._open(name)

    def send_unkept(self, topic: str, message: AnyMessage) -> None:
        """Send a message that nobody asks for again (heartbeat, health, halt)."""
        number = self._unkept[topic] = self._unkept.get(topic, 0) + 1
        now_ns = self._clock.now_ns()
        header = encode_header(self._process_incarnation, number, now_ns)
        self.socket.send_multipart([topic.encode(), header, encode(message)])

    def heartbeat(self, service: str) -> None:
        """Tell every reader that we live and which number each topic has reached."""
        now_ns = self._clock.now_ns()
        last = {name: (topic.incarnation, topic.number) for name, topic in self._topics.items()}
        self.send_unkept(
            HEARTBEAT_TOPIC + service, Heartbeat(service=service, last=last, event_ns=now_ns, received_ns=now_ns)
        )

    def lag_behind(self, cursors: dict[str, tuple[int, int]]) -> int:
        """Return the largest distance between what was sent and what a reader with these cursors has taken."""
        lags = (
            topic.number - cursors[name][1]
            for name, topic in self._topics.items()
            if name in cursors and cursors[name][0] == topic.incarnation
        )
        return max(lags, default=0)

    def replay(self, arguments: dict[str, Any], _request_id: str) -> dict[str, Any]:
        """Answer `stream.replay`: the messages of `topic` from number `start` on that are still kept.

        Returns incarnation, last (the topic's number now) and messages, each [number, sent_ns, payload]. What is
        missing between `start` and the first of them is gone; a SNAPSHOT topic gives the whole in one message.
        """
        name, start = str(arguments["topic"]), int(arguments["start"])
        topic = self._topics.get(name)
        if topic is None:
            return {"incarnation": self._process_incarnation, "last": 0, "messages": []}
        return {"incarnation": topic.incarnation, "last": topic.number, "messages": self._kept_from(topic, start)}

    def _kept_from(self, topic: _Topic, start: int) -> list[tuple[int, int, bytes]]:
        if topic.retention is Retention.SNAPSHOT:
            whole = self.snapshot_of(topic.name)
            return [] if whole is None else [(topic.number, self._clock.now_ns(), encode(whole))]
        if topic.retention is Retention.JOURNAL and (not topic.kept or topic.kept[0].number > start):
            assert self._outbox is not None
            start = max(start, self._outbox.first_number)
            return [(number, 0, payload) for number, payload in self._outbox.read(start, REPLAY_LIMIT)]
        wanted = (kept for kept in topic.kept if kept.number >= start)
        return [tuple(kept) for kept, _ in zip(wanted, range(REPLAY_LIMIT), strict=False)]

    def _open(self, name: str) -> _Topic:
        retention = retention_of(name)
        journaled = retention is Retention.JOURNAL and self._outbox is not None
        incarnation = self._outbox.incarnation if journaled and self._outbox else self._process_incarnation
        topic = self._topics[name] = _Topic(name, retention, incarnation, self._ring_size)
        if journaled and self._outbox is not None:
            topic.number = self._outbox.last_number
        return topic

    def _send(self, topic: _Topic, kept: _Kept) -> None:
        topic.kept.append(kept)
        header = encode_header(topic.incarnation, kept.number, kept.sent_ns)
        self.socket.send_multipart((topic.wire, header, kept.payload))
        self.published += 1

    def close(self) -> None:
        """Close the socket; what is queued gets a bounded time."""
        self.socket.close(linger=LINGER_MS)
