"""The extreme of a sliding window, by a queue that keeps only values that can still become it.

How it works: a value that is not above a later one can never be the highest again and is dropped when the later one
comes; so the queue falls from front to back and its front is the highest. Each value enters and leaves once: O(1)
amortised. The lowest is the highest of the negated values.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, override


class Extreme:
    """The highest (sign 1) or lowest (sign -1) of the `period` values before the current one."""

    __slots__ = ("_count", "_period", "_queue", "_sign", "value")

    def __init__(self, period: int, sign: float) -> None:
        self._period = period
        self._sign = sign
        self._count = 0
        self._queue: deque[tuple[int, float]] = deque()
        self.value: float | None = None

    def update(self, x: float) -> float | None:
        """Take a value; return the extreme of those before it, None for the first `period` values."""
        queue, count = self._queue, self._count
        if count >= self._period:
            if queue[0][0] < count - self._period:
                queue.popleft()
            self.value = queue[0][1] * self._sign
        weighed = x * self._sign
        while queue and queue[-1][1] <= weighed:
            queue.pop()
        queue.append((count, weighed))
        self._count = count + 1
        return self.value

    def update_many(self, values: Sequence[float]) -> list[float | None]:
        """Take values; return what `update` answers for each."""
        queue, count, period, sign, value = self._queue, self._count, self._period, self._sign, self.value
        found: list[float | None] = []
        for x in values:
            if count >= period:
                if queue[0][0] < count - period:
                    queue.popleft()
                value = queue[0][1] * sign
            found.append(value)
            weighed = x * sign
            while queue and queue[-1][1] <= weighed:
                queue.pop()
            queue.append((count, weighed))
            count += 1
        self._count, self.value = count, value
        return found

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._count, tuple(self._queue), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._count, queue, self.value = state
        self._queue = deque((count, weighed) for count, weighed in queue)


class Reach(Extreme):
    """The highest (sign 1) or lowest (sign -1) of the last `period` values, this one among them."""

    __slots__ = ()

    @override
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

    @override
    def update_many(self, values: Sequence[float]) -> list[float | None]:
        """Take values; return what `update` answers for each."""
        return list(map(self.update, values))
