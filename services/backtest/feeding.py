"""Turns the bars of one symbol into what a venue would have shown, and tells the cores.

How it works: the open is a quote at the bar's start; orders on the wire meet it. While something is held or rests, the
way through the bar is walked: to the adverse extreme, to the favourable one, to the close, level by level. The close is
a quote at the bar's end, and the bar itself follows it. Quotes that nobody could act on are not shown.
"""

from array import array
from collections.abc import Mapping

import numpy as np

from common.messages import Quote
from services.backtest.bars_table import BarTable
from services.backtest.lanes import Lanes
from services.backtest.levels import Levels
from services.backtest.resting import Point
from services.signal.core.rows import BarRows

MAX_POINTS = 1_000
"""Quotes of one leg of the way. More of them mean that levels breed levels."""
ROWS_AT_ONCE = 4_096
"""Bars taken out of the arrays at a time."""
NS_PER_SECOND = 1e9
UPDATES_PER_BAR = 10_000
"""Room for the numbers of a bar's quotes, so that a quote's number does not depend on those before its bar."""


class FeedError(Exception):
    """The way through a bar does not end; the text names symbol and bar."""


class Feed:
    """One symbol."""

    def __init__(
        self, table: BarTable, levels: Levels, lanes: Lanes, held: Mapping[str, object], *, shows_all: bool
    ) -> None:
        """held: symbols whose next quote is awaited on the wire. shows_all: somebody may act on any price."""
        self.table = table
        self.levels = levels
        self._lanes = lanes
        self._held = held
        self.shows_all = shows_all
        self._length_ns = table.length_ns
        self._rows = self._load(0)
        self.latest: Quote | None = None
        self._price = 0.0
        self._number = self._direction = 0
        self._falls_first = True

    def show_open(self, row: int, *, is_awaited: bool) -> None:
        """Show the open, if there is anybody to act on it: `is_awaited` says that orders are on the wire."""
        if is_awaited or self.is_walking(row):
            rows, self._number = self.rows_at(row), row * UPDATES_PER_BAR
            price = self._price = rows.opens[row - rows.first]
            self._direction = 0
            self._show(Point(price, price, price), rows.starts[row - rows.first])
            if is_awaited and self.levels.is_passed(price):
                # What was opened here lies beyond its stop or target: the next price is this one, not a better one later.
                self._show(Point(price, price, price), rows.starts[row - rows.first])
            self._falls_first = self.levels.goes_down_first()

    def is_walking(self, row: int) -> bool:
        """Return whether anybody could act inside the bar: the open beyond a level counts, as low or high do."""
        if self.shows_all or self.table.symbol in self._held:
            return True
        if not self.levels.is_needed:
            return False
        rows = self.rows_at(row)
        at = row - rows.first
        falling, rising = self.levels.bounds
        return rows.lows[at] <= falling or rows.highs[at] >= rising  # what is only touched counts as near

    def walk_first(self, row: int) -> None:
        """Walk to the first extreme, a quarter into the bar."""
        self._walk(
            _extreme(self.rows_at(row), row, is_low=self._falls_first), row, self.starts_at(row) + self._length_ns // 4
        )

    def walk_second(self, row: int) -> None:
        """Walk to the other extreme, half into the bar."""
        self._walk(
            _extreme(self.rows_at(row), row, is_low=not self._falls_first),
            row,
            self.starts_at(row) + self._length_ns // 2,
        )

    def show_close(self, row: int) -> None:
        """Walk to the close, or just show it."""
        if self.is_walking(row):
            self.walk_to_close(row)
        else:
            self.show_quiet_close(row)

    def walk_to_close(self, row: int) -> None:
        """Walk to the close; show it in any case."""
        rows = self.rows_at(row)
        close, end_ns = rows.closes[row - rows.first], rows.starts[row - rows.first] + self._length_ns
        if close == self._price:
            self._show(self.levels.point(close, self._direction), end_ns)
        else:
            self._walk(close, row, end_ns)

    def show_quiet_close(self, row: int) -> None:
        """Show a close at which nobody can act."""
        rows = self.rows_at(row)
        close, end_ns = rows.closes[row - rows.first], rows.starts[row - rows.first] + self._length_ns
        self._number = row * UPDATES_PER_BAR + UPDATES_PER_BAR - 2
        self._lanes.publish_quiet(self._quote(Point(close, close, close), end_ns), end_ns)

    def rows_at(self, row: int) -> BarRows:
        """Return the part of the table that a row lies in."""
        rows = self._rows
        if not rows.first <= row < rows.behind:
            rows = self._rows = self._load(row - row % ROWS_AT_ONCE)
        return rows

    def _load(self, first: int) -> BarRows:
        table, behind = self.table, min(first + ROWS_AT_ONCE, len(self.table))
        part = slice(first, behind)
        starts = table.start_ns[part]
        before = table.start_ns[max(first - 1, 0) : behind]
        late = np.flatnonzero(np.diff(before) > self._length_ns) + max(first, 1)
        return BarRows(
            symbol=table.symbol,
            timeframe=table.timeframe,
            length_ns=self._length_ns,
            first=first,
            behind=behind,
            starts=array("q", starts.tobytes()),
            ends=array("d", ((starts + self._length_ns) / NS_PER_SECOND).tobytes()),
            opens=array("d", table.open[part].tobytes()),
            highs=array("d", table.high[part].tobytes()),
            lows=array("d", table.low[part].tobytes()),
            closes=table.close[part].tolist(),  # a list, because indicators read it again and again
            volumes=array("d", table.volume[part].tobytes()),
            gaps=late.tolist(),
        )

    def starts_at(self, row: int) -> int:
        """Return when a bar begins, nanoseconds UTC."""
        rows = self.rows_at(row)
        return rows.starts[row - rows.first]

    def show_bar(self, row: int) -> int:
        """Tell the bar; return its end, nanoseconds UTC."""
        bar = self.rows_at(row).bar(row)
        self._lanes.publish_bar(bar, bar.end_ns)
        return bar.end_ns

    def _walk(self, end: float, row: int, now_ns: int) -> None:
        if end == self._price:
            return
        self._direction = 1 if end > self._price else -1
        for _ in range(MAX_POINTS):
            point = self.levels.next_point(self._price, end)
            self._price = point.price
            self._show(point, now_ns)
            if point.price == end:
                return
        raise FeedError(f"{self.table.symbol}: bar {row}: expected at most {MAX_POINTS} levels on the way to {end:g}")

    def last_close(self, now_ns: int) -> Quote | None:
        """Return the close of the latest bar that has ended, on both sides; None before the first."""
        row = int(self.table.start_ns.searchsorted(now_ns - self._length_ns, side="right")) - 1
        if row < 0:
            return None
        self._number = (row + 1) * UPDATES_PER_BAR - 1
        return self._quote(Point(*[float(self.table.close[row])] * 3), now_ns)

    def _show(self, point: Point, now_ns: int) -> None:
        self._number += 1
        self.levels.show(point)
        quote = self.latest = self._quote(point, now_ns)
        self._lanes.publish(quote, now_ns)

    def _quote(self, point: Point, now_ns: int) -> Quote:
        return Quote(
            event_ns=now_ns,
            received_ns=now_ns,
            symbol=self.table.symbol,
            bid=point.bid,
            bid_size=0.0,
            ask=point.ask,
            ask_size=0.0,
            update_id=self._number,
        )


def _extreme(rows: BarRows, row: int, *, is_low: bool) -> float:
    return (rows.lows if is_low else rows.highs)[row - rows.first]
