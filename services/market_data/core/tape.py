"""The trade numbers of one symbol: which were seen, which are missing, so that none counts twice and holes are known.

How it works: numbers rise by one from trade to trade. A number above the last opens a hole for those it skipped; a number
inside a hole is late, not double. A connection that was lost is a hole of unknown end, until the next trade says.
"""

from typing import NamedTuple

MAX_HOLES = 64
"""Holes remembered; beyond it the two oldest are taken for one."""


class Hole(NamedTuple):
    """The numbers first..last are missing, made at some time in (after_ns, before_ns]."""

    first: int
    last: int
    after_ns: int
    before_ns: int


class Tape:
    """Which trade numbers were taken. `duplicates` counts refused trades, `missed` the numbers skipped."""

    __slots__ = ("_aggregates", "_holes", "_last_id", "_last_ns", "_unsure", "duplicates", "missed")

    def __init__(self) -> None:
        self._last_id = 0
        self._last_ns = 0
        self._holes: list[Hole] = []
        self._unsure = False
        self._aggregates = True
        self.duplicates = 0
        self.missed = 0

    def wants(self, *, aggregate: bool) -> bool:
        """Return whether trades of this kind count: aggregates only until the first single trade is seen."""
        if not aggregate:
            self._aggregates = False
            return True
        return self._aggregates

    def take(self, first_id: int, last_id: int, event_ns: int) -> bool:
        """Take the trades first_id..last_id, made at event_ns; return False if one of them was taken before.

        Sources without trade numbers give 0, and everything is taken.
        """
        previous = self._last_id
        if first_id == previous + 1 or previous == 0 or first_id <= 0:
            self._unsure = False
        elif first_id > previous:
            self._open_hole(Hole(previous + 1, first_id - 1, self._last_ns, event_ns))
            self._unsure = False
        elif not self._fill(first_id, last_id):
            self.duplicates += 1
            return False
        else:
            return True
        self._last_id = max(previous, last_id)
        self._last_ns = max(self._last_ns, event_ns)
        return True

    def interrupted(self) -> None:
        """Note that trades may be missed from now on."""
        self._unsure = self._last_id > 0

    def complete(self, start_ns: int, end_ns: int) -> bool:
        """Return whether no trade of [start_ns, end_ns) is known or feared to be missing."""
        if self._unsure and end_ns > self._last_ns:
            return False
        return not any(hole.after_ns < end_ns and hole.before_ns >= start_ns for hole in self._holes)

    def _open_hole(self, hole: Hole) -> None:
        self.missed += hole.last - hole.first + 1
        self._holes.append(hole)
        if len(self._holes) > MAX_HOLES:
            oldest, second = self._holes[:2]
            # The numbers between the two were taken; to call them missing would let them count twice.
            self._holes[:2] = [Hole(second.first, second.last, oldest.after_ns, second.before_ns)]

    def _fill(self, first_id: int, last_id: int) -> bool:
        for position, hole in enumerate(self._holes):
            if hole.first <= first_id and last_id <= hole.last:
                parts = (hole._replace(last=first_id - 1), hole._replace(first=last_id + 1))
                self._holes[position : position + 1] = [part for part in parts if part.first <= part.last]
                self.missed -= last_id - first_id + 1
                return True
        return False
