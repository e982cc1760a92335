"""How long to wait before the next attempt: exponential, capped, with full jitter."""

import random

_LARGEST_EXPONENT = 62
"""2**62 ns is longer than any cap; beyond it the doubling only costs digits."""


class Backoff:
    """Delays drawn from [0, min(longest, first * 2**n)] for the n-th attempt in a row.

    The formula is "full jitter" of the AWS Architecture Blog, "Exponential Backoff And Jitter" (2015): many clients that
    lost the same venue at the same moment do not come back at the same moment.
    """

    __slots__ = ("_first_ns", "_longest_ns", "_random", "attempts")

    def __init__(self, first_ns: int, longest_ns: int, seeded: random.Random) -> None:
        if not 0 < first_ns <= longest_ns:
            raise ValueError(f"backoff: expected 0 < first <= longest, found {first_ns} ns and {longest_ns} ns")
        self._first_ns = first_ns
        self._longest_ns = longest_ns
        self._random = seeded
        self.attempts = 0

    def next_delay_ns(self) -> int:
        """Return the next delay and count the attempt."""
        ceiling_ns = min(self._longest_ns, self._first_ns << min(self.attempts, _LARGEST_EXPONENT))
        self.attempts += 1
        return self._random.randint(0, ceiling_ns)

    def reset(self) -> None:
        """Begin again with the first delay."""
        self.attempts = 0
