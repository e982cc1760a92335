"""Totals since `orrery up` began, though services are restarted meanwhile."""

from typing import Protocol


class Total(Protocol):
    """A service's counter as seen from outside."""

    value: int

    def take(self, counter: int) -> None:
        """Learn what the service's counter says now."""
        ...


class ProcessTotal:
    """Of a counter that begins at 0 with each process: what it lost by a restart is remembered."""

    def __init__(self) -> None:
        self.value = 0
        self._last = 0

    def take(self, counter: int) -> None:
        """Add what was counted since the last look; a lower counter belongs to a new process."""
        self.value += counter if counter < self._last else counter - self._last
        self._last = counter


class JournaledTotal:
    """Of a counter that a service restores from its journal: what lies before the first look does not count."""

    def __init__(self) -> None:
        self.value = 0
        self._first: int | None = None

    def take(self, counter: int) -> None:
        """Take the distance from the first look."""
        if self._first is None:
            self._first = counter
        self.value = counter - self._first
