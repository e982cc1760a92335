"""How often something happened lately: the latest times, as many as a limit needs, and no more."""

from bisect import bisect_right

import msgspec


class Window(msgspec.Struct, gc=False):
    """The latest times, oldest first."""

    times: list[int] = []

    def note(self, now_ns: int, kept: int) -> None:
        """Take in one more time, and forget all but the latest `kept`."""
        self.times.append(now_ns)
        if len(self.times) > kept:
            del self.times[0]

    def within(self, now_ns: int, window_ns: int) -> int:
        """Return how many of them lie within the window that ends now."""
        times, before_ns = self.times, now_ns - window_ns
        if not times or times[-1] <= before_ns:  # mostly there was nothing lately
            return 0
        return len(times) - bisect_right(times, before_ns)

    def is_full(self, now_ns: int, window_ns: int, count: int) -> bool:
        """Return whether `count` of them lie within the window."""
        return len(self.times) >= count and self.times[-count] > now_ns - window_ns
