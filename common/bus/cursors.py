"""A reader's place in one topic: what comes next, what is missing, what is held until the hole is filled. Pure."""

from common.bus.frames import Received
from common.routes import Retention

HELD_LIMIT = 10_000
"""Messages held per topic while a hole is filled; further ones are dropped and asked for again."""

type Deliveries = list[Received]


class Cursor:
    """Where a reader stands in `topic`."""

    __slots__ = (
        "attention",
        "conflated",
        "duplicates",
        "gaps",
        "held",
        "incarnation",
        "lost",
        "missing",
        "number",
        "recovered",
        "retention",
        "target",
        "topic",
        "waiting",
    )

    def __init__(self, topic: str, retention: Retention, attention: "list[Cursor] | None" = None) -> None:
        """Stand before the first message; put oneself on the list `attention` whenever something is missing."""
        self.attention = [] if attention is None else attention
        self.topic = topic
        self.retention = retention
        self.incarnation = 0
        self.number = 0
        self.target = 0
        self.waiting = False
        self.held: list[Received] = []
        self.lost = 0
        self.gaps = self.missing = self.conflated = self.duplicates = self.recovered = 0

    def resume(self, incarnation: int, number: int) -> None:
        """Stand behind `number`, as the reader's journal says."""
        self.incarnation, self.number = incarnation, number

    def take(self, received: Received, out: list[Received]) -> None:
        """Take a message from the wire: deliver it, drop it as a repeat, or hold it behind a hole."""
        if received.incarnation == self.incarnation and not self.waiting:
            if received.number == self.number + 1:
                self.number = received.number
                out.append(received)
                return
            if received.number <= self.number:
                self.duplicates += 1
                return
        self._take_slowly(received, out)

    def expect(self, incarnation: int, number: int) -> None:
        """Learn from a heartbeat that `number` has been sent."""
        if incarnation != self.incarnation:
            self._new_incarnation(incarnation)
        if number > self.number:
            self._wait_for(number)

    def answer(self, incarnation: int, last: int, messages: list[Received], out: list[Received]) -> None:
        """Take the publisher's answer to a replay request, then what was held, as far as it is without a hole."""
        if incarnation != self.incarnation:
            self._new_incarnation(incarnation)
        for received in messages:
            if received.number > self.number:
                self._skip_to(received.number)
                self.number = received.number
                self.recovered += 1
                out.append(received)
        if last > self.number and not messages and self.retention is not Retention.JOURNAL:
            self._skip_to(last + 1)
            self.number = last
        self._release(out)

    def _take_slowly(self, received: Received, out: list[Received]) -> None:
        if received.incarnation != self.incarnation:
            self._new_incarnation(received.incarnation)
        if received.number <= self.number:
            self.duplicates += 1
        elif self.retention is Retention.LATEST or (received.number == self.number + 1 and not self.held):
            self._skip_to(received.number)
            self.number = received.number
            out.append(received)
            self.waiting = self.number < self.target
        else:
            if len(self.held) < HELD_LIMIT:
                self.held.append(received)
            self._wait_for(received.number)

    def _new_incarnation(self, incarnation: int) -> None:
        """The publisher began anew: its numbers start at 1, ours must too."""
        self.incarnation, self.number, self.target = incarnation, 0, 0
        self.held.clear()
        self.waiting = False

    def _wait_for(self, number: int) -> None:
        if not self.waiting:
            self.gaps += 1
            self.attention.append(self)
        self.waiting = True
        self.target = max(self.target, number)

    def _skip_to(self, number: int) -> None:
        """Count what lies between the cursor and `number`: gone for good, or said by the latest."""
        skipped = number - self.number - 1
        if skipped <= 0:
            return
        if self.retention in (Retention.LATEST, Retention.SNAPSHOT):
            self.conflated += skipped
        elif self.number > 0:
            self.missing += skipped
            self.lost += skipped

    def _release(self, out: list[Received]) -> None:
        held, self.held = sorted(self.held, key=lambda received: received.number), []
        for received in held:
            if received.number == self.number + 1:
                self.number = received.number
                out.append(received)
            elif received.number > self.number:
                self.held.append(received)
        self.waiting = self.number < self.target

    def take_lost(self) -> int:
        """Return how many messages were lost for good since the last call."""
        lost, self.lost = self.lost, 0
        return lost
