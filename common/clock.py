"""The clocks that shells read; a core is told the time and never asks."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where a shell gets `now_ns` from."""

    def now_ns(self) -> int:
        """Return nanoseconds UTC; never less than the call before."""
        ...

    def seen(self, event_ns: int) -> None:
        """Learn that something of that time was received."""
        ...


class WallClock:
    """The machine's clock; when the machine sets it back, it goes on from where it was until the machine has caught up.

    Standing still would be as wrong as going back: nothing would be due for as long as the clock was set back.
    """

    def __init__(self) -> None:
        self._last_ns = 0
        self._ahead_ns: int | None = None

    def now_ns(self) -> int:
        """Return the machine's time in nanoseconds UTC; never less than the call before."""
        now_ns = time.time_ns()
        if now_ns >= self._last_ns:
            self._last_ns, self._ahead_ns = now_ns, None
            return now_ns
        return self._go_on()

    def _go_on(self) -> int:
        """Count on by the monotonic clock, which nobody sets. `_ahead_ns` is how far our time is ahead of it."""
        since_ns = time.monotonic_ns()
        if self._ahead_ns is None:
            self._ahead_ns = self._last_ns - since_ns
        self._last_ns = now_ns = since_ns + self._ahead_ns
        return now_ns

    def seen(self, event_ns: int) -> None:
        """Ignore it: the wall goes by itself."""


class EventClock:
    """The time of the latest event received: a replay at any speed then decides as if it were that day."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """Return the latest event time seen."""
        return self._now_ns

    def seen(self, event_ns: int) -> None:
        """Move to `event_ns` unless that lies behind."""
        self._now_ns = max(self._now_ns, event_ns)


def monotonic_ns() -> int:
    """Return the machine-wide monotonic clock, for durations only."""
    return time.monotonic_ns()


def monotonic_due(deadline_ns: int | None, clock: Clock) -> int | None:
    """Return the monotonic time of a deadline by `clock`: 0 (at once) if it has passed, None if there is none."""
    if deadline_ns is None:
        return None
    left_ns = deadline_ns - clock.now_ns()
    return 0 if left_ns <= 0 else monotonic_ns() + left_ns
