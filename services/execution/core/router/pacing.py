"""How fast requests may go out: every window of a venue holds at every moment, whenever its own windows begin."""

import msgspec

from services.execution.core.asking import Ask, Cancel, Limits

RESERVED_PART = 10
"""One part in so many of each window is kept for cancels: they pass when all else waits."""
SECOND_NS = 1_000_000_000


class Window(msgspec.Struct):
    """At most `limit` weight within any `length_ns`. sent: (when, weight) of what still counts.

    counts_requests: every request weighs 1.
    """

    limit: int
    length_ns: int
    counts_requests: bool = False
    sent: list[tuple[int, int]] = []
    used: int = 0


class Pace(msgspec.Struct):
    """All windows, and how long the venue has asked to be left alone."""

    windows: list[Window]
    paused_until_ns: int = 0

    def ready_ns(self, weight: int, now_ns: int, *, is_urgent: bool) -> int:
        """Return from when on a request of this weight may go out; now_ns at the earliest."""
        ready = max(now_ns, self.paused_until_ns)
        for window in self.windows:
            _forget(window, now_ns)
            counted = 1 if window.counts_requests else weight
            room = window.limit if is_urgent else max(window.limit - window.limit // RESERVED_PART, counted)
            over = window.used + counted - room
            for sent_ns, used in window.sent:
                if over <= 0:
                    break
                over -= used
                ready = max(ready, sent_ns + window.length_ns)
        return ready

    def count(self, weight: int, now_ns: int) -> None:
        """Count a request that goes out now."""
        for window in self.windows:
            counted = 1 if window.counts_requests else weight
            window.sent.append((now_ns, counted))
            window.used += counted

    def pause(self, until_ns: int) -> None:
        """Send nothing before."""
        self.paused_until_ns = max(self.paused_until_ns, until_ns)


def _forget(window: Window, now_ns: int) -> None:
    gone = 0
    for sent_ns, weight in window.sent:
        if sent_ns + window.length_ns > now_ns:
            break
        gone += 1
        window.used -= weight
    if gone:
        del window.sent[:gone]


def pace_of(limits: Limits, requests_per_second: int) -> Pace:
    """Return the windows of a venue, and our own of so many requests a second."""
    own = Window(requests_per_second, SECOND_NS, counts_requests=True)
    return Pace([own, *(Window(limit, length_ns) for limit, length_ns in limits.windows)])


def weight_of(limits: Limits, ask: Ask) -> int:
    """Return what a question weighs."""
    return limits.weights.get(type(ask).__name__, 1)


def is_urgent(ask: Ask) -> bool:
    """Return whether a question may use what is kept back."""
    return isinstance(ask, Cancel)


def backoff_ns(first_ns: int, attempt: int, longest_ns: int) -> int:
    """Return how long to wait before an attempt: the first delay, doubled each time, at most the longest."""
    return min(first_ns << min(attempt, 30), longest_ns)
