"""Bars of other lengths that runners read, made of the tables of a run and told at the moments at which they end.

How it works: a longer bar is made of the table's bars that lie in its interval, on the grid on which the running feed builds
its own. It is told once time has come to its end, whatever comes afterwards: it holds nothing that ended later. A bar whose
beginning lies before the data is left out, as the feed's first, partial one is; an interval without any bars gives none.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from common.messages import Bar, BarSource
from common.timeframes import grid_ns, timeframe_ns
from services.backtest.bars_table import BarTable, Floats, Integers
from services.signal.core.spec import SeriesKey

NEVER: Final = (1 << 63) - 1


class LongerBars:
    """All bars of other lengths, in order of their ends; of one end, those of longer bars first, then by the order of tables."""

    def __init__(self, tables: Sequence[BarTable], keys: Sequence[SeriesKey], first_ns: int, window: int) -> None:
        """keys: the series; first_ns: when the run begins; window: bars of each that are told from before.

        With a window of 0 the first bars are those that begin then, as where a feed is asked for them in the middle.
        """
        by_symbol = {table.symbol: table for table in tables}
        order = [table.symbol for table in tables]
        ranked = sorted(keys, key=lambda key: (-timeframe_ns(key[1]), order.index(key[0])))
        made = [longer(by_symbol[symbol], timeframe) for symbol, timeframe in ranked]
        kept = [_from(table, first_ns, window) for table in made]
        ends = np.concatenate([table.end_ns for table in kept]) if kept else np.empty(0, dtype=np.int64)
        ranks = np.concatenate([np.full(len(table), rank) for rank, table in enumerate(kept)]) if kept else ends
        rows = np.concatenate([np.arange(len(table)) for table in kept]) if kept else ends
        sequence = np.lexsort((ranks, ends))
        self._bars = (
            (kept[rank], row) for rank, row in zip(ranks[sequence].tolist(), rows[sequence].tolist(), strict=True)
        )
        self._ends = iter(ends[sequence].tolist())
        self.next_ns: int = next(self._ends, NEVER)

    def until(self, now_ns: int) -> Iterator[Bar]:
        """Yield the bars that ended by now and were not told yet."""
        while self.next_ns <= now_ns:
            table, row = next(self._bars)
            self.next_ns = next(self._ends, NEVER)
            yield _bar(table, row)


def longer(table: BarTable, timeframe: str) -> BarTable:
    """Return a table's bars put together to longer ones; the last may still be open where the data end."""
    length_ns = timeframe_ns(timeframe)
    starts: Integers = table.start_ns - (table.start_ns - grid_ns(length_ns)) % length_ns
    table = table.rows(int(np.searchsorted(starts, table.start_ns[0])) if len(table) else 0, len(table))
    starts = starts[len(starts) - len(table) :]
    if not len(table):
        return BarTable(table.symbol, timeframe, *[getattr(table, name) for name in _COLUMNS])
    first = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    last = np.append(first[1:], len(starts)) - 1
    highs: Floats = np.maximum.reduceat(table.high, first)
    lows: Floats = np.minimum.reduceat(table.low, first)
    volumes: Floats = np.add.reduceat(table.volume, first)
    return BarTable(table.symbol, timeframe, starts[first], table.open[first], highs, lows, table.close[last], volumes)


_COLUMNS = ("start_ns", "open", "high", "low", "close", "volume")


def _from(table: BarTable, first_ns: int, window: int) -> BarTable:
    if not window:
        return table.between(first_ns)
    return table.rows(max(0, int(np.searchsorted(table.end_ns, first_ns, side="right")) - window), len(table))


def _bar(table: BarTable, row: int) -> Bar:
    start_ns = int(table.start_ns[row])
    end_ns = start_ns + table.length_ns
    return Bar(
        event_ns=end_ns,
        received_ns=end_ns,
        symbol=table.symbol,
        timeframe=table.timeframe,
        start_ns=start_ns,
        end_ns=end_ns,
        open=float(table.open[row]),
        high=float(table.high[row]),
        low=float(table.low[row]),
        close=float(table.close[row]),
        volume=float(table.volume[row]),
        trade_count=0,
        source=BarSource.TRADES,
    )
