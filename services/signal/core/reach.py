"""The extreme of a sliding window that has the current value in it.

How it works: as in `extremes`, a queue keeps only values that can still become the extreme; each enters and leaves once.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any


class Reach:
    """The highest (sign 1) or lowest (sign -1) of the last `period` values, this one among them."""

    __slots__ = ("_count", "_period", "_queue", "_sign", "value")

    def __init__(self, period: int, sign: float) -> None:
        self._period = period
        self._sign = sign
        self._count = 0
        self._queue: deque[tuple[int, float]] = deque()
        self.value: float | None = None

    def update(self, x: float) -> float | None:
        """Take a value; return the extreme, None before `period` values."""
        queue, count = self._queue, self._count
        if queue and queue[0][0] <= count - self._period:
            queue.popleft()
        weighed = x * self._sign
        while queue and queue[-1][1] <= weighed:
            queue.pop()
        queue.append((count, weighed))
        self._count = count = count + 1
        if count >= self._period:
            self.value = queue[0][1] * self._sign
        return self.value

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._count, tuple(self._queue), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._count, queue, self.value = state
        self._queue = deque((count, weighed) for count, weighed in queue)
