"""Keeps one local book true to a venue that sends numbered changes and gives the whole book on request.

How it works: changes are held back until a whole book has come. Those it already contains are dropped, the rest must
follow it without a hole, number by number, and so must every later change. At any doubt the book is thrown away and asked
for anew; `book` is worth something only while `synced`. The rules are Binance's, "How to manage a local order book
correctly": https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
"""

from collections import deque
from enum import Enum, StrEnum

from services.market_data.core.book import OrderBook
from services.market_data.core.events import DepthDiff, DepthSnapshot

MAX_HELD_DIFFS = 6_000
"""Changes held back while waiting for a whole book: ten minutes at one per 100 ms. Then the oldest go."""
FIRST_DIFF_WAIT_NS = 1_000_000_000
"""How long a new connection waits for the first change before it asks for the book: asked earlier, it comes too early."""
RETRY_NS = 500_000_000
"""Before asking again when the first request failed or brought too old a book; doubles."""
RETRY_MAX_NS = 30_000_000_000
REPLY_TIMEOUT_NS = 10_000_000_000
"""Without any answer after this, the request counts as lost."""
SETTLED_NS = 60_000_000_000
"""A book that was good for so long is asked for at once when it is doubted; a younger one with growing delays."""


class ResyncReason(StrEnum):
    """Why a book is being fetched; the reason in `MarketStatus` and the label of the metric."""

    CONNECTED = "connected"
    GAP = "gap"
    CROSSED = "crossed"
    EXHAUSTED = "exhausted"
    MISMATCH = "mismatch"
    SNAPSHOT_OLD = "snapshot_old"


class Step(Enum):
    """What a change or a whole book did."""

    HELD = 1
    """Kept until the whole book comes."""
    OLD = 2
    """Already contained in what is known."""
    APPLIED = 3
    """The book moved on by this change."""
    SYNCED = 4
    """The book is good, as of its update_id."""
    TOO_OLD = 5
    """The whole book ends before the first change that is held; asked for again."""
    UNWANTED = 6
    """A whole book that nobody waits for."""
    DOUBTED = 7
    """The book is thrown away and asked for anew; `reason` says why."""


class DepthSync:
    """The book of one symbol. `request_at_ns` tells when it wants to be asked for, None while it does not."""

    __slots__ = (
        "_asked",
        "_attempts",
        "_followed",
        "_held",
        "_synced_at_ns",
        "book",
        "held_dropped",
        "reason",
        "request_at_ns",
        "requests",
        "synced",
        "too_old",
    )

    def __init__(self, depth: int) -> None:
        """Make an empty book of at most `depth` levels a side, that nobody asks for before `begin`."""
        self.book = OrderBook(depth)
        self.synced = False
        self.reason = ResyncReason.CONNECTED
        self.request_at_ns: int | None = None
        self.requests = 0
        self.too_old = 0
        self.held_dropped = 0
        self._held: deque[DepthDiff] = deque(maxlen=MAX_HELD_DIFFS)
        self._attempts = 0
        self._synced_at_ns = 0
        self._asked = False
        self._followed = False

    def begin(self, now_ns: int) -> None:
        """Start over on a new connection."""
        self.end()
        self.request_at_ns = now_ns + FIRST_DIFF_WAIT_NS

    def end(self) -> None:
        """Throw everything away: there is no connection."""
        self._discard(ResyncReason.CONNECTED)
        self._attempts = 0
        self.request_at_ns = None

    def doubt(self, reason: ResyncReason, now_ns: int) -> Step:
        """Throw the book away and ask for it anew."""
        if self.synced and now_ns - self._synced_at_ns >= SETTLED_NS:
            self._attempts = 0
        self._discard(reason)
        self._ask_again(now_ns)
        return Step.DOUBTED

    def requested(self, now_ns: int) -> None:
        """Note that the whole book has been asked for; without an answer it will be asked for again."""
        self.requests += 1
        self._asked = True
        self._attempts = max(self._attempts, 1)
        self.request_at_ns = now_ns + REPLY_TIMEOUT_NS

    def failed(self, now_ns: int) -> None:
        """Note that the request failed; it is repeated with growing delays."""
        if self._asked and not self.synced:
            self._ask_again(now_ns)

    def diff(self, diff: DepthDiff, now_ns: int) -> Step:
        """Take the next change."""
        book = self.book
        if not self.synced:
            return self._hold(diff, now_ns)
        if diff.update_id <= book.update_id:
            return Step.OLD
        if diff.first_update_id > book.update_id + 1:
            self.doubt(ResyncReason.GAP if self._followed else ResyncReason.SNAPSHOT_OLD, now_ns)
            self._hold(diff, now_ns)
            return Step.DOUBTED
        self._followed = True
        book.apply(diff.update_id, diff.bids, diff.asks)
        return self._judged(Step.APPLIED, now_ns)

    def snapshot(self, snapshot: DepthSnapshot, now_ns: int) -> Step:
        """Take the whole book that was asked for, and what was held back since."""
        if self.synced or not self._asked:
            return Step.UNWANTED
        held, book = self._held, self.book
        while held and held[0].update_id <= snapshot.update_id:
            held.popleft()
        if held and held[0].first_update_id > snapshot.update_id + 1:
            self.too_old += 1
            self._ask_again(now_ns)
            return Step.TOO_OLD
        book.load(snapshot.update_id, snapshot.bids, snapshot.asks)
        for diff in held:
            book.apply(diff.update_id, diff.bids, diff.asks)
        self._followed = bool(held)
        held.clear()
        self.synced, self.request_at_ns, self._synced_at_ns = True, None, now_ns
        return self._judged(Step.SYNCED, now_ns)

    def _judged(self, good: Step, now_ns: int) -> Step:
        if self.book.crossed():
            return self.doubt(ResyncReason.CROSSED, now_ns)
        if self.book.exhausted():
            return self.doubt(ResyncReason.EXHAUSTED, now_ns)
        return good

    def _hold(self, diff: DepthDiff, now_ns: int) -> Step:
        held, step = self._held, Step.HELD
        if held:
            last = held[-1].update_id
            if diff.update_id <= last:
                return Step.OLD
            if diff.first_update_id > last + 1:
                held.clear()
                self.reason, step = ResyncReason.GAP, Step.DOUBTED
            elif len(held) == MAX_HELD_DIFFS:
                self.held_dropped += 1
        elif self._attempts == 0:
            self._ask_again(now_ns)
        held.append(diff)
        return step

    def _ask_again(self, now_ns: int) -> None:
        delay_ns = RETRY_NS << min(self._attempts - 1, 16) if self._attempts else 0
        self.request_at_ns = now_ns + min(RETRY_MAX_NS, delay_ns)
        self._attempts += 1

    def _discard(self, reason: ResyncReason) -> None:
        self.synced = False
        self.reason = reason
        self._asked = False
        self._followed = False
        self._held.clear()
