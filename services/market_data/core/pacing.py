"""Spaces requests to a venue's REST: a few at once, then one in an interval (a token bucket, counted in nanoseconds)."""


class Pacer:
    """At most `burst` requests at once, and one more every interval_ns. `delayed` counts those that had to wait."""

    __slots__ = ("_burst_ns", "_full_at_ns", "_interval_ns", "delayed")

    def __init__(self, burst: int, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self._burst_ns = (burst - 1) * interval_ns
        self._full_at_ns = 0
        self.delayed = 0

    def wait_until_ns(self, now_ns: int) -> int:
        """Return now_ns if a request may go out, and count it as gone; else the time at which it may."""
        allowed_ns = self._full_at_ns - self._burst_ns
        if now_ns < allowed_ns:
            self.delayed += 1
            return allowed_ns
        self._full_at_ns = max(self._full_at_ns, now_ns) + self._interval_ns
        return now_ns
