"""What publishers say of themselves: that they live, that they began anew, and how far their topics have come."""

from collections.abc import Mapping

from common.bus.cursor_table import TOPIC_LIMIT, CursorTable
from common.bus.frames import FrameError
from common.bus.interests import Interests
from common.bus.peers import Peers
from common.messages import Heartbeat


class Heartbeats:
    """Holds the numbers of heartbeats against the places of a reader."""

    def __init__(self, interests: Interests, table: CursorTable, peers: Peers) -> None:
        self._interests, self._table, self._peers = interests, table, peers
        self._latest: dict[str, Mapping[str, tuple[int, int]]] = {}

    def take(self, incarnation: int, heartbeat: object) -> None:
        """Take a heartbeat from the process `incarnation`; FrameError if it is none of a publisher of ours."""
        if not isinstance(heartbeat, Heartbeat) or not self._peers.knows(heartbeat.service):
            wanted = ", ".join(self._interests.publishers)
            raise FrameError(f"expected a heartbeat of {wanted}, found {str(heartbeat)[:100]}")
        if self._peers.heard(heartbeat.service, incarnation):
            for topic, cursor in self._table.by_topic.items():
                cursor.doubt(*heartbeat.last.get(topic, (0, 0)))
        self._latest[heartbeat.service] = heartbeat.last
        self._reconcile(heartbeat.last)

    def take_again(self) -> None:
        """Take the numbers of the latest heartbeats again: other topics are let in now."""
        for last in self._latest.values():
            self._reconcile(last)

    def _reconcile(self, last: Mapping[str, tuple[int, int]]) -> None:
        by_topic, takes = self._table.by_topic, self._interests.takes
        for topic, (incarnation, number) in last.items():
            cursor = by_topic.get(topic)
            if cursor is not None and cursor.number == number and cursor.incarnation == incarnation:
                continue
            if takes(topic) and len(by_topic) < TOPIC_LIMIT:
                self._table.of(topic).expect(incarnation, number)
