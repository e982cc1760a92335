"""The total order: every event gets the next number, a time that never goes back, and its place in the hash chain."""

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from common.routes import STREAMS, publisher_of
from services.event_store.core.chain import GENESIS, HASH_BYTES, chained
from services.event_store.core.stored import Stored, decode_stored, encode_stored


class ChainError(ValueError):
    """A record that does not follow from the one before it; the text says which and why."""


class _State(msgspec.Struct, frozen=True):
    sequence: int
    stored_ns: int
    hash: bytes
    topics: list[tuple[str, int, int, int]]


class Sequencer:
    """Where the store stands. Pure: it is told the time and returns the bytes to write.

    sequence, stored_ns, hash: of the last event.
    """

    __slots__ = ("_counts", "_origins", "_publishers", "hash", "sequence", "stored_ns")

    def __init__(self, sequence: int = 0, last_hash: bytes = GENESIS) -> None:
        """Stand before the first event, or behind the event `sequence` with this hash."""
        self.sequence = sequence
        self.hash = last_hash
        self.stored_ns = 0
        self._origins: dict[str, tuple[int, int]] = {}
        self._counts: dict[str, int] = {}
        self._publishers: dict[str, str] = {}

    def cursors(self) -> dict[str, tuple[int, int]]:
        """Return topic to (incarnation, number) of what was stored last, for the topics that can be asked for again."""
        return {topic: origin for topic, origin in self._origins.items() if topic.partition(".")[0] in STREAMS}

    def streams(self) -> dict[str, int]:
        """Return the events of all time by the first word of their topic."""
        found: dict[str, int] = {}
        for topic, count in self._counts.items():
            stream = topic.partition(".")[0]
            found[stream] = found.get(stream, 0) + count
        return found

    def take(self, publisher: str, topic: str, origin: tuple[int, int], payload: bytes, now_ns: int) -> bytes:
        """Return the record of the next event; `origin` is the publisher's (incarnation, number)."""
        sequence = self.sequence = self.sequence + 1
        stored_ns = self.stored_ns
        if now_ns > stored_ns:
            stored_ns = self.stored_ns = now_ns
        incarnation, number = origin
        # The fields of a Stored, without the making of one.
        body = encode_stored((sequence, stored_ns, publisher, topic, number, payload, incarnation))
        digest = self.hash = sha256(self.hash + body).digest()
        self._origins[topic] = origin
        self._counts[topic] = self._counts.get(topic, 0) + 1
        return digest + body

    def take_all(self, events: Iterable[tuple[str, int, int, int, bytes]], now_ns: int) -> list[bytes]:
        """Return the records of the next events of streams, each (topic, incarnation, number, sent_ns, payload)."""
        sequence, digest, origins, counts, publishers = (
            self.sequence, self.hash, self._origins, self._counts, self._publishers,
        )  # fmt: skip
        stored_ns = self.stored_ns = max(self.stored_ns, now_ns)
        records = []
        for topic, incarnation, number, _, payload in events:
            sequence += 1
            publisher = publishers.get(topic)
            if publisher is None:
                publisher = publishers[topic] = publisher_of(topic)
            body = encode_stored((sequence, stored_ns, publisher, topic, number, payload, incarnation))
            digest = sha256(digest + body).digest()
            records.append(digest + body)
            origins[topic] = (incarnation, number)
            counts[topic] = counts.get(topic, 0) + 1
        self.sequence, self.hash = sequence, digest
        return records

    def follow(self, sequence: int, record: bytes) -> Stored:
        """Go on behind a record that was written before; ChainError if it is not the one that follows."""
        body = memoryview(record)[HASH_BYTES:]
        if sequence != self.sequence + 1:
            raise ChainError(f"event {sequence} follows event {self.sequence}")
        try:
            event = decode_stored(body)
        except ValueError as error:
            raise ChainError(f"event {sequence}: {error}") from error
        if event.sequence != sequence or chained(self.hash, body) != record[:HASH_BYTES]:
            raise ChainError(
                f"event {sequence} does not follow from event {self.sequence}: its hash is not the chain's"
            )
        self.sequence, self.stored_ns, self.hash = sequence, event.stored_ns, record[:HASH_BYTES]
        self._note(event.topic, (event.incarnation, event.number))
        return event

    def snapshot(self) -> bytes:
        """Return the whole state: canonical bytes, equal for equal states."""
        topics = sorted((topic, *self._origins[topic], count) for topic, count in self._counts.items())
        state = _State(self.sequence, self.stored_ns, self.hash, topics)
        return msgspec.msgpack.encode(state)

    def restore(self, state: bytes) -> None:
        """Take over what `snapshot` returned; msgspec.DecodeError if it is none."""
        found = msgspec.msgpack.decode(state, type=_State)
        self.sequence, self.stored_ns, self.hash = found.sequence, found.stored_ns, found.hash
        self._origins = {topic: (incarnation, number) for topic, incarnation, number, _ in found.topics}
        self._counts = {topic: count for topic, _, _, count in found.topics}

    def _note(self, topic: str, origin: tuple[int, int]) -> None:
        self._origins[topic] = origin
        self._counts[topic] = self._counts.get(topic, 0) + 1
