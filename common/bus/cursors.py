"""A reader's place in one topic: what comes next, what is missing, what is held until the hole is filled. Pure.

How it works: what the stream's socket brings arrives in the publisher's order, so only it may change the incarnation; an
answer to a replay request travels beside it and counts only for the incarnation the cursor is in. A topic that waits
holds what comes behind the hole. Order flow is delivered number by number or not at all; of the rest, what the
publisher no longer keeps is counted and passed over.
"""

from common.bus.frames import Received
from common.routes import Retention

HELD_LIMIT = 10_000
"""Messages held per topic while a hole is filled; further ones are dropped and asked for again."""

type Deliveries = list[Received]


class Notes:
    """What cursors tell their owner. attention: topics that wait for something. lost: topic to messages gone for good."""

    __slots__ = ("attention", "lost")

    def __init__(self) -> None:
        self.attention: dict[str, Cursor] = {}
        self.lost: dict[str, int] = {}


class Cursor:
    """Where a reader stands in `topic`.

    incarnation, number: of the last message delivered. target: the highest number known to have been sent. waiting:
    whether something up to it is missing. broken: why order flow cannot go on, empty if it can. The counters are
    totals: gaps noticed, messages missing for good, passed over because a later one says it all, repeated, recovered
    by a replay, and restarts of the publisher with new numbers.
    """

    __slots__ = (
        "_held",
        "_joined",
        "_notes",
        "_torn",
        "broken",
        "conflated",
        "duplicates",
        "gaps",
        "incarnation",
        "missing",
        "number",
        "recovered",
        "restarts",
        "retention",
        "target",
        "topic",
        "waiting",
    )

    def __init__(self, topic: str, retention: Retention, notes: Notes | None = None) -> None:
        """Stand before the first message; tell `notes` whenever something is missing."""
        self._notes = Notes() if notes is None else notes
        self._held: dict[int, Received] = {}
        self._joined = self._torn = False
        self.topic, self.retention = topic, retention
        self.incarnation = self.number = self.target = 0
        self.waiting = False
        self.broken = ""
        self.gaps = self.missing = self.conflated = self.duplicates = self.recovered = self.restarts = 0

    def resume(self, incarnation: int, number: int) -> None:
        """Stand behind `number`, as the reader's journal says."""
        self.incarnation, self.number, self._joined = incarnation, number, True

    def take(self, received: Received, out: Deliveries) -> None:
        """Take a message from the stream: deliver it, drop it as a repeat, or hold it behind a hole."""
        if received.incarnation != self.incarnation:
            self._begin(received.incarnation)
        number = received.number
        if number == self.number + 1 and not self.broken:
            self._deliver(received, out)
            if self.waiting:
                self._release(out)
        elif number <= self.number:
            self.duplicates += 1
        elif self.retention is Retention.LATEST:
            self._pass_over(number)
            self._deliver(received, out)
            self.waiting = number < self.target
        else:
            self._hold(received)

    def expect(self, incarnation: int, number: int) -> None:
        """Learn from a heartbeat that `number` has been sent."""
        if incarnation != self.incarnation:
            self._begin(incarnation)
        if number > self.number:
            self._wait_for(number)
        else:
            self._joined = True

    def doubt(self, incarnation: int, number: int) -> None:
        """Learn that the publisher began a new process at `number`; if we are past that, it is asked whether that is so."""
        if self.retention is Retention.JOURNAL and incarnation == self.incarnation and number < self.number:
            self.waiting = True
            self._notes.attention[self.topic] = self

    def answer(self, start: int, incarnation: int, last: int, messages: Deliveries, out: Deliveries) -> bool:
        """Take the publisher's answer to a request for what follows from `start` on, then what was held.

        `last` is the number the publisher had reached. Returns whether it helped, so that more may be asked for at once.
        """
        if incarnation != self.incarnation or self._torn:
            return False
        before = self.number
        self.broken = ""
        for received in messages:
            self._recover(received, out)
        if last > self.number and not messages and self.retention is not Retention.JOURNAL:
            self._pass_over(last + 1)
            self.number = last
        if last < start - 1:
            self._torn = True
            self.target = max(self.target, self.number + 1)
            self._break(f"its publisher is at #{last} and we have taken #{start - 1}: its journal lost its tail")
        elif self.number == before and last <= before:
            # Nothing is missing after all; what was held claims numbers that the publisher does not know.
            self._held.clear()
            self.target = before
        self._release(out)
        return self.number > before

    def _recover(self, received: Received, out: Deliveries) -> None:
        if received.number <= self.number:
            return
        if received.number > self.number + 1:
            if self.retention is Retention.JOURNAL:
                if not self.broken:
                    self._break(f"#{self.number + 1} is gone, its publisher keeps from #{received.number} on")
                return
            self._pass_over(received.number)
        self.recovered += 1
        self._deliver(received, out)

    def _deliver(self, received: Received, out: Deliveries) -> None:
        self.number = received.number
        self._joined = True
        out.append(received)

    def _begin(self, incarnation: int) -> None:
        """The publisher's numbers began anew at 1, so ours must too."""
        if self.incarnation:
            self.restarts += 1
        self.incarnation, self.number, self.target = incarnation, 0, 0
        self._held.clear()
        self.waiting = self._torn = False
        self.broken = ""

    def _hold(self, received: Received) -> None:
        if received.number in self._held:
            self.duplicates += 1
            return
        if len(self._held) < HELD_LIMIT:
            self._held[received.number] = received
        self._wait_for(received.number)

    def _wait_for(self, number: int) -> None:
        self.target = max(self.target, number)
        if not self.waiting:
            self.waiting = True
            self.gaps += self._joined
            self._notes.attention[self.topic] = self

    def _pass_over(self, number: int) -> None:
        """Count what lies between the cursor and `number`: gone for good, or said by the latest."""
        skipped = number - self.number - 1
        if skipped <= 0 or not self._joined:
            return
        if self.retention is Retention.RING:
            self.missing += skipped
            self._notes.lost[self.topic] = self._notes.lost.get(self.topic, 0) + skipped
        else:
            self.conflated += skipped

    def _release(self, out: Deliveries) -> None:
        held = self._held
        while not self.broken and (following := held.pop(self.number + 1, None)) is not None:
            self._deliver(following, out)
        if held and min(held) <= self.number:
            passed = [number for number in held if number <= self.number]
            self.duplicates += len(passed)
            for number in passed:
                del held[number]
        self.waiting = self.number < self.target
        if not self.waiting:
            self.broken = ""

    def _break(self, reason: str) -> None:
        self.broken = f"{self.topic}: {reason}"
