"""The sending end of a service's streams: numbers every topic, keeps what readers may ask for again."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import dropwhile
from typing import Any

import zmq

from common.bus.commands import CommandError
from common.bus.frames import (
    HEARTBEAT_TOPIC,
    HIGH_WATER_MARK,
    LINGER_MS,
    MAX_MESSAGE_BYTES,
    bound_socket,
    encode_header,
)
from common.bus.security import Security
from common.clock import Clock
from common.codec import encode
from common.journal import Journal, JournalError
from common.messages import AnyMessage, Heartbeat
from common.routes import Retention, retention_of, topic_of

REPLAY_LIMIT = 2_000
"""Messages in one answer to a replay request; a reader asks again for the rest."""
REPLAY_BYTES = 4_000_000
"""Payload bytes in one answer, but for the message that goes past it."""

_MORE = int(zmq.SNDMORE)

type SnapshotOf = Callable[[str], AnyMessage | None]
"""Gives the whole of a SNAPSHOT topic as it stands, or None."""
type _Kept = tuple[int, int, bytes]
"""Number, when it was sent (0: not known any more), payload."""


class _Topic:
    """One topic's numbering and what is kept of it. number: of the last message sent."""

    __slots__ = ("incarnation", "kept", "name", "number", "retention", "wire")

    def __init__(self, name: str, retention: Retention, incarnation: int, ring_size: int) -> None:
        self.name = name
        self.wire = name.encode()
        self.retention = retention
        self.incarnation = incarnation
        self.number = 0
        sizes = {Retention.LATEST: 1, Retention.SNAPSHOT: 0}
        self.kept: deque[_Kept] = deque(maxlen=sizes.get(retention, ring_size))


class Publisher:
    """The only writer of a service's streams.

    Order flow goes to `outbox` before it goes to the socket: call `stage` for each message, flush the
    outbox, then call what `stage` returned. Everything else is sent with `publish`.
    """

    def __init__(
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
        bound_socket(self.socket, HIGH_WATER_MARK)
        if security is not None:
            security.protect_server(self.socket)
        self.socket.bind(address)
        self._clock = clock
        self._ring_size = ring_size
        self._outbox = outbox
        self._process_incarnation = clock.now_ns() or 1
        self._topics: dict[str, _Topic] = {}
        self._journaled: dict[type, _Topic] = {}
        self._unkept: dict[str, int] = {}
        self.snapshot_of: SnapshotOf = lambda _topic: None
        self.published = 0

    def publish(self, message: AnyMessage) -> None:
        """Number and send a message that is not order flow."""
        name = topic_of(message)
        assert name is not None, f"{type(message).__name__} has no topic"
        topic = self._topics.get(name) or self._open(name)
        assert topic.retention is not Retention.JOURNAL, f"{name} must be staged"
        self._send(topic, topic.number + 1, encode(message))

    def stage(self, message: AnyMessage) -> Callable[[], None]:
        """Put a message of the journaled topic into the outbox's buffer; return what sends it after `flush`."""
        topic = self._journaled.get(type(message)) or self._find_journaled(message)
        assert self._outbox is not None, f"{topic.name} needs an outbox"
        payload = encode(message)
        number = self._outbox.append(payload)
        return lambda: self._send(topic, number, payload)

    def open_journaled(self, name: str) -> None:
        """Take up the journaled topic where its outbox ends, so that heartbeats tell of it before the next message."""
        self._open(name)

    def last_numbers(self) -> dict[str, int]:
        """Return the number of the last message sent on each topic."""
        return {name: topic.number for name, topic in self._topics.items()}

    def last_number(self, topic: str) -> int:
        """Return the number of the last message sent on a topic, 0 before the first."""
        known = self._topics.get(topic)
        return 0 if known is None else known.number

    def send_unkept(self, topic: str, message: AnyMessage) -> None:
        """Send a message that nobody asks for again (heartbeat, health, halt)."""
        number = self._unkept[topic] = self._unkept.get(topic, 0) + 1
        header = encode_header(self._process_incarnation, number, self._clock.now_ns())
        self.socket.send_multipart([topic.encode(), header, encode(message)])

    def heartbeat(self, service: str) -> None:
        """Tell every reader that we live and which number each topic has reached."""
        now_ns = self._clock.now_ns()
        last = {name: (topic.incarnation, topic.number) for name, topic in self._topics.items()}
        self.send_unkept(
            HEARTBEAT_TOPIC + service, Heartbeat(service=service, last=last, event_ns=now_ns, received_ns=now_ns)
        )

    def lag_behind(self, cursors: Mapping[str, tuple[int, int]]) -> int:
        """Return the largest distance between what was sent and what a reader with these cursors has taken.

        It is negative for a reader that has taken more than we know of: our journal has lost its tail.
        """
        topics = self._topics
        lags = [
            topics[name].number - number
            for name, (incarnation, number) in cursors.items()
            if name in topics and incarnation == topics[name].incarnation
        ]
        return min(lags) if lags and min(lags) < 0 else max(lags, default=0)

    def replay(self, arguments: dict[str, Any], _request_id: str) -> dict[str, Any]:
        """Answer `stream.replay`: the messages of `topic` from number `start` on that are still kept.

        Returns incarnation, last (the topic's number now) and messages, each [number, sent_ns, payload]. What is
        missing between `start` and the first of them is gone; a SNAPSHOT topic gives the whole in one message.
        Raises CommandError if the journal cannot be read.
        """
        name, start = str(arguments["topic"]), int(arguments["start"])
        topic = self._topics.get(name)
        if topic is None:
            return {"incarnation": self._process_incarnation, "last": 0, "messages": []}
        try:
            messages = _bounded(self._kept_from(topic, start))
        except JournalError as error:
            raise CommandError(str(error)) from error
        return {"incarnation": topic.incarnation, "last": topic.number, "messages": messages}

    def _kept_from(self, topic: _Topic, start: int) -> Iterable[_Kept]:
        if topic.retention is Retention.SNAPSHOT:
            whole = self.snapshot_of(topic.name)
            return [] if whole is None else [(topic.number, self._clock.now_ns(), encode(whole))]
        if topic.retention is Retention.JOURNAL and not (topic.kept and topic.kept[0][0] <= start):
            assert self._outbox is not None, f"{topic.name} was opened with an outbox"
            journaled = self._outbox.read(max(start, self._outbox.first_number), REPLAY_LIMIT)
            return ((number, 0, payload) for number, payload in journaled if number <= topic.number)
        return dropwhile(lambda kept: kept[0] < start, topic.kept)

    def _find_journaled(self, message: AnyMessage) -> _Topic:
        """Return the topic of all messages of this type: those of order flow have one whatever is in them."""
        name = topic_of(message)
        assert name is not None, f"{type(message).__name__} has no topic"
        topic = self._topics.get(name) or self._open(name)
        if topic.retention is Retention.JOURNAL:
            self._journaled[type(message)] = topic
        return topic

    def _open(self, name: str) -> _Topic:
        self._journaled.clear()
        retention, outbox = retention_of(name), self._outbox
        if retention is Retention.JOURNAL and outbox is not None:
            topic = _Topic(name, retention, outbox.incarnation, self._ring_size)
            topic.number = outbox.last_number
        else:
            topic = _Topic(name, retention, self._process_incarnation, self._ring_size)
        self._topics[name] = topic
        return topic

    def _send(self, topic: _Topic, number: int, payload: bytes) -> None:
        assert len(payload) <= MAX_MESSAGE_BYTES, f"{topic.name}: {len(payload)} bytes, at most {MAX_MESSAGE_BYTES}"
        sent_ns = self._clock.now_ns()
        topic.number = number
        topic.kept.append((number, sent_ns, payload))
        send = self.socket.send
        # Frame by frame: send_multipart checks types again and costs three times as much.
        send(topic.wire, _MORE)
        send(encode_header(topic.incarnation, number, sent_ns), _MORE)
        send(payload)
        self.published += 1

    def close(self) -> None:
        """Close the socket; what is queued gets a bounded time."""
        self.socket.close(linger=LINGER_MS)


def _bounded(messages: Iterable[_Kept]) -> list[_Kept]:
    taken: list[_Kept] = []
    size = 0
    for kept in messages:
        if len(taken) == REPLAY_LIMIT or size > REPLAY_BYTES:
            break
        taken.append(kept)
        size += len(kept[2])
    return taken
