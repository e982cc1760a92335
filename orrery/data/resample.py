"""Longer bars out of shorter ones: whole ones only, on the grid on which the running feed builds its own."""

from typing import Final

import numpy as np

from common.timeframes import timeframe_ns
from services.backtest.bars_table import BarTable, Floats, Integers

WEEK_NS: Final = 604_800_000_000_000
FIRST_MONDAY_NS: Final = 4 * 86_400_000_000_000
"""1970-01-05 UTC: weeks begin on Mondays; every other length counts from 1970-01-01."""


class ResampleError(ValueError):
    """No such bars can be made; the text says what was expected."""


def resampled(table: BarTable, timeframe: str) -> tuple[BarTable, tuple[str, ...]]:
    """Return the table in bars of another length, and notes of what was left out.

    A bar whose beginning or end lies beyond the data is left out; an interval without any bars gives none.

    Raises:
        ResampleError: the length is no multiple of the table's, or the data holds no whole bar of it.
    """
    length_ns = timeframe_ns(timeframe)
    if length_ns == table.length_ns:
        return table, ()
    if length_ns % table.length_ns:
        raise ResampleError(f"timeframe: expected a multiple of {table.timeframe}, found {timeframe}")
    grid_ns = FIRST_MONDAY_NS if length_ns % WEEK_NS == 0 else 0
    starts: Integers = table.start_ns - (table.start_ns - grid_ns) % length_ns
    whole = (starts >= table.start_ns[0]) & (starts + length_ns <= table.end_ns[-1])
    if not whole.any():
        raise ResampleError(
            f"timeframe: expected data of at least one whole bar of {timeframe}, found {len(table)} bars"
        )
    rows = np.flatnonzero(whole)
    # Whole bars lie together: only the first and the last can be cut off.
    cut = table.rows(int(rows[0]), int(rows[-1]) + 1)
    made = _made(cut, starts[rows], timeframe)
    left_out = len(table) - len(cut)
    notes = (f"bars of {timeframe} made of {len(cut)} bars of {table.timeframe}",)
    return made, (*notes, f"{left_out} bars at the edges left out: not a whole {timeframe}") if left_out else notes


def _made(table: BarTable, starts: Integers, timeframe: str) -> BarTable:
    first = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    last = np.append(first[1:], len(starts)) - 1
    highs: Floats = np.maximum.reduceat(table.high, first)
    lows: Floats = np.minimum.reduceat(table.low, first)
    volumes: Floats = np.add.reduceat(table.volume, first)
    return BarTable(table.symbol, timeframe, starts[first], table.open[first], highs, lows, table.close[last], volumes)
