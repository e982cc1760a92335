"""What the lying venue stands on: its truth, its chance, what happens later, and what it tells unasked."""

import heapq
import random
from collections import Counter
from collections.abc import Callable

import msgspec

from common.messages import HeardKind, VenueHeard
from orrery.lying_venue.book import Book
from orrery.lying_venue.lies import Lies
from services.execution.core.venues import gateway

_encode = msgspec.json.Encoder(decimal_format="string").encode

type Do = Callable[[int], None]


class Ground:
    """book: the truth. counts: lies told, by kind. chance: of all that it does. is_up: it can be reached."""

    def __init__(self, seed: int, lies: Lies) -> None:
        self.book, self.lies, self.counts = Book(), lies, Counter[str]()
        self.chance = random.Random(f"venue {seed}")  # noqa: S311 - repeatable chance is the point
        self.is_up = True
        self._heap: list[tuple[int, int, Do]] = []
        self._sequence = 0
        self._heard: list[VenueHeard] = []

    def later(self, at_ns: int, do: Do) -> None:
        """Let something happen."""
        self._sequence += 1
        heapq.heappush(self._heap, (at_ns, self._sequence, do))

    def next_ns(self) -> int | None:
        """Return when something happens next."""
        return self._heap[0][0] if self._heap else None

    def until(self, now_ns: int) -> list[VenueHeard]:
        """Let happen what is due; return what is heard of it, in order."""
        while self._heap and self._heap[0][0] <= now_ns:
            at_ns, _, do = heapq.heappop(self._heap)
            do(at_ns)
        heard, self._heard = self._heard, []
        return heard

    def lied(self, share: float, name: str) -> bool:
        """Draw whether to lie; count it."""
        lies = share > 0 and self.chance.random() < share
        self.counts[name] += lies
        return lies

    def say(self, kind: HeardKind, at_ns: int, request_id: str = "", status: int = 0, body: bytes = b"") -> None:
        """Let something be heard now; nothing is, while the venue is away."""
        if not self.is_up and kind in (HeardKind.REPLY, HeardKind.PUSHED):
            return
        heard = VenueHeard(
            event_ns=at_ns,
            received_ns=at_ns,
            venue=gateway.NAME,
            kind=kind,
            request_id=request_id,
            status=status,
            body=body,
        )
        self._heard.append(heard)

    def push(self, what: msgspec.Struct, now_ns: int) -> None:
        """Tell something unasked: once, twice, late or never."""
        lies, body = self.lies, _encode(what)
        if self.lied(lies.lost, "lost"):
            return
        for _ in range(1 + self.lied(lies.doubled, "doubled")):
            delay_ns = self.chance.randrange(lies.reply_ns)
            if self.lied(lies.slow, "slow"):
                delay_ns = self.chance.randrange(lies.slow_ns)
            self.later(now_ns + delay_ns, lambda at: self.say(HeardKind.PUSHED, at, body=body))
