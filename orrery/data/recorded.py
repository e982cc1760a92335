"""Bars from recordings: those in them, or made of their trades, or of the mids of their quotes.

Recordings are Orrery's own messages, raw frames of a venue, or files of single orders.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from common.timeframes import timeframe_ns
from orrery.data.contents import Contents, Price, RecordedBar, contents_of, contents_of_orders
from orrery.data.errors import DataFileError
from orrery.data.made import DEFAULT_TIMEFRAME, made_bars
from orrery.data.options import ReadOptions
from services.backtest.quality import RawBars

_COLUMNS = ("open", "high", "low", "close", "volume")


class RecordedBars(NamedTuple):
    """Unchecked bars of one symbol and timeframe; lines: the lines in the file that their rows are the numbers of."""

    bars: RawBars
    symbol: str
    timeframe: str
    lines: Sequence[int]
    notes: tuple[str, ...]


def recorded_bars(path: Path, options: ReadOptions) -> RecordedBars:
    """Return a recording's closed bars; where it has none, bars of its trades, its venue's candles, or bars of its quotes.

    Raises:
        DataFileError: the file cannot be read, holds nothing of the symbol, or several symbols or lengths of bars.
    """
    contents, skipped = contents_of(path, options)
    return _bars_of(path, contents, options, skipped)


def bars_of_orders(path: Path, data: bytes, options: ReadOptions) -> RecordedBars:
    """Return bars made of the trades in a file of single orders, or else of the quotes that its orders add up to.

    Raises:
        DataFileError: a row cannot be read, or there is nothing to make bars of.
    """
    return _bars_of(path, contents_of_orders(path, data, options), options, ())


def _bars_of(path: Path, contents: Contents, options: ReadOptions, skipped: tuple[str, ...]) -> RecordedBars:
    if len(contents.symbols) != 1:
        expected = options.symbol or "one symbol, or the name of one of them"
        found = ", ".join(contents.symbols) or contents.lacking
        raise DataFileError(path, "", f"symbol: expected {expected}, found {found}")
    symbol = options.symbol or next(iter(contents.symbols))
    if contents.bars:
        made = _of_bars(path, contents.bars, symbol, options.timeframe)
    elif contents.trades:
        made = _of_prices(path, contents.trades, symbol, options.timeframe, "trades")
    elif any(options.timeframe in {"", candle.timeframe} for _, candle in contents.candles):
        made = _of_bars(path, contents.candles, symbol, options.timeframe)
    else:
        made = _of_prices(path, contents.quotes, symbol, options.timeframe, "mids of quotes")
    return made._replace(notes=(*skipped, *made.notes))


def _of_bars(path: Path, recorded: list[tuple[int, RecordedBar]], symbol: str, timeframe: str) -> RecordedBars:
    fitting = [(line, bar) for line, bar in recorded if timeframe in {"", bar.timeframe}]
    whole = [(line, bar) for line, bar in fitting if not bar.partial]
    lengths = sorted({bar.timeframe for _, bar in whole})
    if len(lengths) != 1:
        found = ", ".join(lengths or sorted({bar.timeframe for _, bar in recorded}))
        expected = f"whole bars of {timeframe or 'one length'}"
        raise DataFileError(path, "", f"timeframe: expected {expected}, found {found}")
    columns = {name: np.array([getattr(bar, name) for _, bar in whole], dtype=np.float64) for name in _COLUMNS}
    times = np.array([bar.start_ns for _, bar in whole], dtype=np.int64)
    raw = RawBars(row=np.arange(len(whole)), start_ns=times, **columns)
    partial = len(fitting) - len(whole)
    notes = (f"{partial} bars left out whose beginning was not observed",) if partial else ()
    return RecordedBars(raw, symbol, lengths[0], [line for line, _ in whole], notes)


def _of_prices(path: Path, prices: list[Price], symbol: str, timeframe: str, kind: str) -> RecordedBars:
    # Venues' times may run back by a little between messages; a bar is of what happened in it.
    prices.sort(key=lambda each: each.time_ns)
    length = timeframe or DEFAULT_TIMEFRAME
    try:
        length_ns = timeframe_ns(length)
    except ValueError as error:
        raise DataFileError(path, "", str(error)) from error
    times = np.array([each.time_ns for each in prices], dtype=np.int64)
    price, size = (np.array([each[column] for each in prices], dtype=np.float64) for column in (2, 3))
    raw = made_bars(np.arange(len(prices)), times, price, size, length_ns)
    notes = (f"bars of {length} made of {len(prices)} {kind}",)
    return RecordedBars(raw, symbol, length, [each.line for each in prices], notes)
