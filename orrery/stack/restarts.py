"""When a process that ended is started again: exponential backoff, forgotten after a time of health."""

from typing import Final

NS_PER_SECOND: Final = 1_000_000_000
FIRST_DELAY_NS: Final = 200_000_000
LONGEST_DELAY_NS: Final = 10 * NS_PER_SECOND
HEALTHY_AFTER_NS: Final = 30 * NS_PER_SECOND
"""A process that lived so long begins with the first delay again."""


class Backoff:
    """The delays of one process. Times are monotonic nanoseconds."""

    def __init__(self) -> None:
        self._next_delay_ns = FIRST_DELAY_NS

    def delay_ns(self, lived_ns: int) -> int:
        """Return how long to wait now that a process which lived `lived_ns` has ended."""
        if lived_ns >= HEALTHY_AFTER_NS:
            self._next_delay_ns = FIRST_DELAY_NS
        delay_ns = self._next_delay_ns
        self._next_delay_ns = min(2 * delay_ns, LONGEST_DELAY_NS)
        return delay_ns
