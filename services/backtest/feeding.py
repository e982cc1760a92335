"""Turns the bars of one symbol into what a venue would have shown, and tells the cores.

How it works: the open is a quote at the bar's start; orders on the wire meet it. While something is held or rests, the
way through the bar is walked: to the adverse extreme, to the favourable one, to the close, level by level. The close is
a quote at the bar's end, and the bar itself follows it. Quotes that nobody could act on are not shown.
"""

from common.messages import Bar, BarSource, Quote
from services.backtest.bars_table import BarTable
from services.backtest.lanes import Lanes
from services.backtest.levels import Levels, Point

MAX_POINTS = 1_000
"""Quotes of one leg of the way. More of them mean that levels breed levels."""
UPDATES_PER_BAR = 10_000
"""Room for the numbers of a bar's quotes, so that a quote's number does not depend on those before its bar."""


class FeedError(Exception):
    """The way through a bar does not end; the text names symbol and bar."""


class Feed:
    """One symbol."""

    def __init__(self, table: BarTable, levels: Levels, lanes: Lanes, *, shows_all: bool) -> None:
        """shows_all: show every quote, because somebody may act on any price."""
        self.table = table
        self.levels = levels
        self._lanes = lanes
        self.shows_all = shows_all
        self._starts, self._length_ns = table.start_ns.tolist(), table.length_ns
        self._opens, self._highs = table.open.tolist(), table.high.tolist()
        self._lows, self._closes = table.low.tolist(), table.close.tolist()
        self._volumes = table.volume.tolist()
        self._price = 0.0
        self._number = self._direction = 0
        self._falls_first = True

    def show_open(self, row: int, *, is_awaited: bool) -> None:
        """Show the open, if there is anybody to act on it: `is_awaited` says that orders are on the wire."""
        if is_awaited or self.is_walking(row):
            self._number = row * UPDATES_PER_BAR
            price = self._price = self._opens[row]
            self._direction = 0
            self._show(Point(price, price, price), self._starts[row])
            self._falls_first = self.levels.goes_down_first()

    def is_walking(self, row: int) -> bool:
        """Return whether anybody could act inside the bar: the open beyond a level counts, as low or high do."""
        if self.shows_all:
            return True
        return self.levels.is_needed and self.levels.are_near(self._lows[row], self._highs[row])

    def walk_first(self, row: int) -> None:
        """Walk to the first extreme, a quarter into the bar."""
        end = self._lows[row] if self._falls_first else self._highs[row]
        self._walk(end, row, self._starts[row] + self._length_ns // 4)

    def walk_second(self, row: int) -> None:
        """Walk to the other extreme, half into the bar."""
        end = self._highs[row] if self._falls_first else self._lows[row]
        self._walk(end, row, self._starts[row] + self._length_ns // 2)

    def show_close(self, row: int) -> None:
        """Walk to the close, or just show it."""
        end_ns = self._starts[row] + self._length_ns
        close = self._closes[row]
        if not self.is_walking(row):
            self._number = row * UPDATES_PER_BAR + UPDATES_PER_BAR - 2
            self._lanes.publish_quiet(self._quote(Point(close, close, close), end_ns), end_ns)
        elif close == self._price:
            self._show(self.levels.point(close, self._direction), end_ns)
        else:
            self._walk(close, row, end_ns)

    def starts_at(self, row: int) -> int:
        """Return when a bar begins, nanoseconds UTC."""
        start_ns: int = self._starts[row]
        return start_ns

    def show_bar(self, row: int) -> int:
        """Tell the bar; return its end, nanoseconds UTC."""
        table, end_ns = self.table, self.starts_at(row) + self._length_ns
        bar = Bar(
            event_ns=end_ns,
            received_ns=end_ns,
            symbol=table.symbol,
            timeframe=table.timeframe,
            start_ns=self._starts[row],
            end_ns=end_ns,
            open=self._opens[row],
            high=self._highs[row],
            low=self._lows[row],
            close=self._closes[row],
            volume=self._volumes[row],
            trade_count=0,
            source=BarSource.TRADES,
        )
        self._lanes.publish_bar(bar, end_ns)
        return end_ns

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
        return self._quote(Point(*[self._closes[row]] * 3), now_ns)

    def _show(self, point: Point, now_ns: int) -> None:
        self._number += 1
        self.levels.show(point)
        self._lanes.publish(self._quote(point, now_ns), now_ns)

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
