"""All places of one reader, by topic, and what they add up to."""

from collections.abc import Mapping

from common.bus.cursors import Cursor, Notes
from common.routes import Retention, retention_of

TOPIC_LIMIT = 100_000
"""Topics a reader follows; a publisher that names more is not understood any further."""


class CursorTable:
    """Cursors by topic. `by_wire` has those whose messages are taken as they come, by the bytes of their topic."""

    def __init__(self) -> None:
        self.by_topic: dict[str, Cursor] = {}
        self.by_wire: dict[bytes, Cursor] = {}
        self.notes = Notes()

    def of(self, topic: str) -> Cursor:
        """Return the cursor of a topic that is taken, made if it is not there."""
        cursor = self.by_topic.get(topic) or self._make(topic)
        self.by_wire[topic.encode()] = cursor
        return cursor

    def resume(self, cursors: Mapping[str, tuple[int, int]]) -> None:
        """Stand where these cursors are (topic to (incarnation, last number)); nothing is taken by that."""
        for topic, (incarnation, number) in cursors.items():
            (self.by_topic.get(topic) or self._make(topic)).resume(incarnation, number)

    def numbers(self) -> dict[str, tuple[int, int]]:
        """Return each topic's (incarnation, last number delivered)."""
        return {topic: (cursor.incarnation, cursor.number) for topic, cursor in self.by_topic.items()}

    def waits(self, *, order_flow_only: bool) -> bool:
        """Return whether a topic waits for something missing."""
        waiting = (cursor for cursor in self.notes.attention.values() if cursor.waiting)
        return any(not order_flow_only or cursor.retention is Retention.JOURNAL for cursor in waiting)

    def waiting(self) -> list[Cursor]:
        """Return the cursors that wait for something missing, those that began first in front."""
        attention = self.notes.attention
        if attention:
            for topic in [topic for topic, cursor in attention.items() if not cursor.waiting]:
                del attention[topic]
        return list(attention.values())

    def take_lost(self) -> list[tuple[str, int]]:
        """Return (topic, how many) of what was lost for good since the last call."""
        if not self.notes.lost:
            return []
        lost = list(self.notes.lost.items())
        self.notes.lost.clear()
        return lost

    def broken(self) -> list[str]:
        """Return why order flow cannot go on, a sentence for each topic concerned."""
        return [cursor.broken for cursor in self.notes.attention.values() if cursor.broken]

    def totals(self) -> dict[str, int]:
        """Return the counters of all cursors, added up."""
        cursors = self.by_topic.values()
        return {
            "gaps": sum(cursor.gaps for cursor in cursors),
            "missing": sum(cursor.missing for cursor in cursors),
            "conflated": sum(cursor.conflated for cursor in cursors),
            "duplicates": sum(cursor.duplicates for cursor in cursors),
            "recovered": sum(cursor.recovered for cursor in cursors),
            "restarts": sum(cursor.restarts for cursor in cursors),
        }

    def _make(self, topic: str) -> Cursor:
        cursor = self.by_topic[topic] = Cursor(topic, retention_of(topic), self.notes)
        return cursor
