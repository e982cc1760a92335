"""Bars made of single prices: of trades, or of the mids of quotes."""

import numpy as np

from services.backtest.bars_table import Floats, Integers
from services.backtest.quality import RawBars

DEFAULT_TIMEFRAME = "1m"
"""Length of the bars that are made when none is asked for."""


def made_bars(row: Integers, time_ns: Integers, price: Floats, size: Floats, length_ns: int) -> RawBars:
    """Return the bars of prices in order of time; an interval without any gives none; row: that of a bar's first price."""
    interval = time_ns // length_ns
    first = np.flatnonzero(np.diff(interval, prepend=-1))
    if len(first) == 0:
        return RawBars(row, time_ns, price, price, price, price, size)
    return RawBars(
        row=row[first],
        start_ns=interval[first] * length_ns,
        open=price[first],
        high=np.maximum.reduceat(price, first),
        low=np.minimum.reduceat(price, first),
        close=price[np.append(first[1:], len(interval)) - 1],
        volume=np.add.reduceat(size, first),
    )
