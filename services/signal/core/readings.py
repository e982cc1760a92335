"""Other series that a runner reads beside its own: longer or shorter bars, other symbols; closed ones only, never early.

How it works: an update at a time T shows every bar of the other series that ended by T, and none that ended later,
whatever came first. Bars that are there already but ended later wait in their series until an update has come so far.
Bars that ended by T but are not there yet are waited for: the runner's update is held until they come, or for
`wait_ns` at most. So what is seen follows from the ends of the bars alone, live as in a backtest.
"""

from collections.abc import Callable, Iterable
from typing import Any

from common.messages import Bar
from common.timeframes import grid_ns, timeframe_ns
from services.signal.core.bank import IndicatorBank
from services.signal.core.indicator import IndicatorKey
from services.signal.core.series import Series
from services.signal.core.spec import RunnerSpec, SeriesKey

DEFAULT_WAIT_NS = 2_000_000_000
"""How long an update waits for bars of other series that should have closed, by the times at which messages came."""


class Shared:
    """What the runners of one roster share. held: those whose update waits; fresh: those that read a series anew."""

    __slots__ = ("fresh", "held", "is_trusted", "limit", "series", "wait_ns")

    def __init__(
        self, series: dict[SeriesKey, Series], limit: int, wait_ns: int, is_trusted: Callable[[str], bool]
    ) -> None:
        self.series = series
        self.limit = limit
        self.wait_ns = wait_ns
        self.is_trusted = is_trusted
        self.held: set[str] = set()
        self.fresh: set[str] = set()


class Reading:
    """One other series as one runner sees it. place: as its indicators' keys have it; seen: bars of it that were shown."""

    __slots__ = ("_grid_ns", "_length_ns", "is_same_symbol", "key", "place", "seen", "series")

    def __init__(self, key: SeriesKey, place: tuple[str, str], series: Series, *, is_same_symbol: bool) -> None:
        self.key = key
        self.place = place
        self.series = series
        self.seen = series.count
        self.is_same_symbol = is_same_symbol
        self._length_ns = timeframe_ns(key[1])
        self._grid_ns = grid_ns(self._length_ns)

    def due_ns(self, at_ns: int) -> int:
        """Return the end of the latest bar that should have closed by a time."""
        return at_ns - (at_ns - self._grid_ns) % self._length_ns

    @property
    def unseen(self) -> int:
        """Return how many bars are there that were not shown."""
        return self.series.count - self.seen

    def shown(self) -> Iterable[Bar]:
        """Return the bars that were shown, as far as they are kept, oldest first."""
        window = self.series.window
        return list(window)[: len(window) - self.unseen]


class Readings:
    """All other series of one runner."""

    __slots__ = ("_shared", "_spec", "all", "at_ns")

    def __init__(self, spec: RunnerSpec, shared: Shared, own: Series) -> None:
        """own: the runner's own series; what the others had shown by its latest bar counts as seen."""
        self._spec = spec
        self._shared = shared
        self.at_ns = 0 if own.latest is None else own.latest.end_ns
        self.all: dict[SeriesKey, Reading] = {}
        for key in spec.other_series:
            self._read(key)

    def place(self, key: IndicatorKey) -> IndicatorKey:
        """Return an indicator's key as this runner knows it, and read its series from now on."""
        placed = self._spec.place(key)
        if not placed.is_own:
            self._read(self._spec.series_of(placed))
        return placed

    def window(self, key: IndicatorKey) -> Iterable[Bar]:
        """Return the bars that an indicator of another series has been shown, oldest first."""
        return self.all[self._spec.series_of(key)].shown()

    def _read(self, key: SeriesKey) -> None:
        if key in self.all:
            return
        symbol, timeframe = key
        spec, shared = self._spec, self._shared
        place = ("" if timeframe == spec.timeframe else timeframe, "" if symbol == spec.symbol else symbol)
        series = shared.series.get(key) or Series(*key, shared.limit)
        reading = self.all[key] = Reading(key, place, series, is_same_symbol=symbol == spec.symbol)
        reading.seen -= sum(bar.end_ns > self.at_ns for bar in series.window) if self.at_ns else 0
        shared.fresh.add(spec.id)

    def lacks(self, at_ns: int) -> bool:
        """Return whether a bar that ended by a time, and not long before, is still to come.

        Nothing is expected of another symbol whose market data is not live.
        """
        shared = self._shared
        for reading in self.all.values():
            due_ns = reading.due_ns(at_ns)
            is_late = reading.series.reached_ns < due_ns and at_ns - due_ns < shared.wait_ns
            if is_late and (reading.is_same_symbol or shared.is_trusted(reading.key[0])):
                return True
        return False

    def show(self, at_ns: int, bank: IndicatorBank) -> None:
        """Feed the indicators of a bank with all bars that ended by a time."""
        self.at_ns = max(self.at_ns, at_ns)
        for reading in self.all.values():
            if reading.series.count > reading.seen:
                _feed(reading, at_ns, bank)

    def make_room(self, key: SeriesKey, bank: IndicatorBank) -> None:
        """Show the oldest bar of a series after all before it is forgotten."""
        reading = self.all[key]
        if reading.unseen >= self._shared.limit:
            _feed(reading, reading.series.window[0].end_ns, bank)

    def save(self) -> tuple[int, list[tuple[str, str, int]]]:
        """Return all that is remembered: the time of the latest update, and of each series the bars that were not shown."""
        return self.at_ns, [(*key, self.all[key].unseen) for key in sorted(self.all)]

    def load(self, saved: tuple[int, list[tuple[str, str, int]]]) -> None:
        """Take over what `save` returned; of series that were not read then, nothing was seen behind that time."""
        self.at_ns, unseen = saved
        known = {(symbol, timeframe): count for symbol, timeframe, count in unseen}
        for key, reading in self.all.items():
            later = sum(bar.end_ns > self.at_ns for bar in reading.series.window)
            reading.seen = reading.series.count - known.get(key, later)

    def status(self) -> list[dict[str, Any]]:
        """Return each series as plain data: its bars, and the latest one that was shown."""
        return [
            {
                "symbol": reading.key[0],
                "timeframe": reading.key[1],
                "bars": reading.seen,
                "waiting": reading.unseen,
                "latest": next(map(_row, reversed(list(reading.shown()))), None),
            }
            for reading in self.all.values()
        ]


def _row(bar: Bar) -> list[float]:
    return [bar.start_ns, bar.open, bar.high, bar.low, bar.close, bar.volume]


def _feed(reading: Reading, at_ns: int, bank: IndicatorBank) -> None:
    window, feeders = reading.series.window, bank.others.get(reading.place)
    for number in range(len(window) - reading.unseen, len(window)):
        bar = window[number]
        if bar.end_ns > at_ns:
            return
        reading.seen += 1
        if feeders is not None:
            feeders.update(bar)
