"""Goes through a store's log and remembers the place, so that what is appended later is found without reading the rest."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from common.records import DamagedRecordError, Segment
from services.event_store.adapters.layout import EVENTS, StoreError
from services.event_store.adapters.reading import files_of


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where event `sequence` begins: at byte `offset` of the file whose first event is `first`."""

    first: int
    sequence: int
    offset: int


class Follower:
    """Reads the log in `folder` from a place on; `place` is always that of the next event."""

    def __init__(self, folder: Path, place: Place | None = None) -> None:
        """Stand at a place, or before the oldest event kept; StoreError without a store."""
        self._folder = folder
        first = files_of(folder)[0]
        self.place = place or Place(first, first, 0)

    def records(self, up_to: int | None = None) -> Iterator[tuple[Place, bytes]]:
        """Yield (place, record) of what lies ahead, at most to event `up_to`; it ends where the log does.

        Raises:
            StoreError: a record is damaged (names file and record).
        """
        while True:
            yield from self._in_file(up_to)
            place = self.place
            later = [first for first in files_of(self._folder) if first > place.first]
            if not later or (up_to is not None and place.sequence > up_to):
                return
            if later[0] != place.sequence:
                raise StoreError(
                    f"{self._folder}: expected event {place.sequence}, the next file begins with {later[0]}"
                )
            self.place = Place(later[0], later[0], 0)

    def _in_file(self, up_to: int | None) -> Iterator[tuple[Place, bytes]]:
        segment = Segment(self._folder / EVENTS, self.place.first)
        # From the middle of a file on: what lies before is neither read nor checked.
        segment.first, segment.marks = self.place.sequence, [self.place.offset]
        try:
            for number, behind, record in segment.walk(segment.first):
                if up_to is not None and number > up_to:
                    return
                here, self.place = self.place, Place(self.place.first, number + 1, behind)
                yield here, record
        except DamagedRecordError as damage:
            is_last = files_of(self._folder)[-1] == self.place.first
            if not is_last or segment.goes_on_behind(damage):
                raise StoreError(str(damage)) from damage
