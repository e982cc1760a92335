"""Bars as pandas columns, for the engines that want them so."""

from typing import Any

import pandas as pd

from benchmarks.peers.bars import COLUMNS, Bars


def frame(bars: Bars, *, capital: bool = False) -> Any:
    """Return the bars as a frame, by time; capital: `Open` for `open`."""
    return pd.DataFrame(
        {name.capitalize() if capital else name: bars[name] for name in COLUMNS}, index=pd.to_datetime(bars["ts"])
    )


def ema(closes: Any, period: int) -> Any:
    """Return the exponential means as ours are: begun by the mean of the first `period` closes, not-a-number before."""
    series = pd.Series(closes, dtype="float64")
    seeded = series.copy()
    seeded.iloc[: period - 1] = float("nan")
    seeded.iloc[period - 1] = series.iloc[:period].mean()
    return seeded.ewm(span=period, adjust=False).mean()
