"""Trades or quotes from a file of rows: checked, and made into bars where bars are wanted."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from common.timeframes import timeframe_ns
from orrery.data.errors import DataFileError
from orrery.data.event_rows import event_rows
from orrery.data.made import DEFAULT_TIMEFRAME, made_bars
from orrery.data.options import ReadOptions
from orrery.data.rows import columns_of, require, rows_of
from orrery.data.sheets import Sheet
from services.backtest.bars_table import Floats, Integers
from services.backtest.data_quality import moment
from services.backtest.on_bad import OnBad
from services.backtest.quality import RawBars

_FIELDS = ("price", "size")
_QUOTES = ("bid", "ask")


class MadeBars(NamedTuple):
    """Bars made of trades or of the mids of quotes; row: that of a bar's first one."""

    bars: RawBars
    symbol: str
    timeframe: str
    notes: tuple[str, ...]


class _Trades(NamedTuple):
    symbol: str
    row: Integers
    time_ns: Integers
    price: Floats
    size: Floats
    notes: tuple[str, ...]


def holds_trades(path: Path, sheet: Sheet, options: ReadOptions) -> bool:
    """Return whether a sheet has the columns of trades: a price and a size."""
    columns = columns_of(path, sheet, _FIELDS, options.mapping)
    return all(name in columns for name in _FIELDS)


def holds_quotes(path: Path, sheet: Sheet, options: ReadOptions) -> bool:
    """Return whether a sheet has the columns of quotes: a bid and an ask."""
    columns = columns_of(path, sheet, _QUOTES, options.mapping)
    return all(name in columns for name in _QUOTES)


def bars_of_quotes(path: Path, options: ReadOptions) -> MadeBars:
    """Return the bars of the mids of a file of quotes, their volume 0; an interval without quotes gives none.

    Raises:
        DataFileError: a cell is no figure or no time, or a quote is bad and the policy refuses that.
    """
    quotes = event_rows(path, options)
    timeframe, length_ns = _length(path, options)
    mids, count = (quotes.columns["bid"] + quotes.columns["ask"]) / 2, len(quotes.times)
    bars = made_bars(np.arange(count), quotes.times, mids, np.zeros(count), length_ns)
    notes = (*quotes.notes, f"bars of {timeframe} made of {count} mids of quotes")
    return MadeBars(bars, quotes.symbol, timeframe, notes)


def bars_of_trades(path: Path, sheet: Sheet, options: ReadOptions) -> MadeBars:
    """Return the bars of a sheet of trades; an interval without trades gives none, the first and last may be incomplete.

    Raises:
        DataFileError: a cell is no figure or no time, or a trade is bad and the policy refuses that.
    """
    trades = _checked(path, sheet, options)
    timeframe, length_ns = _length(path, options)
    bars = made_bars(trades.row, trades.time_ns, trades.price, trades.size, length_ns)
    notes = (*trades.notes, f"bars of {timeframe} made of {len(trades.row)} trades")
    return MadeBars(bars, trades.symbol, timeframe, notes)


def _length(path: Path, options: ReadOptions) -> tuple[str, int]:
    timeframe = options.timeframe or DEFAULT_TIMEFRAME
    try:
        return timeframe, timeframe_ns(timeframe)
    except ValueError as error:
        raise DataFileError(path, "", str(error)) from error


def _checked(path: Path, sheet: Sheet, options: ReadOptions) -> _Trades:
    columns = columns_of(path, sheet, _FIELDS, options.mapping)
    require(path, sheet, columns, _FIELDS)
    rows = rows_of(path, sheet, columns, _FIELDS, options)
    trades = _Trades(rows.symbol, rows.row, rows.time_ns, rows.figures["price"], rows.figures["size"], rows.notes)
    late = np.zeros(len(trades.row), dtype=np.bool_)
    late[1:] = trades.time_ns[1:] < np.maximum.accumulate(trades.time_ns)[:-1]
    bad_price = ~(np.isfinite(trades.price) & (trades.price > 0))
    bad_size = ~(np.isfinite(trades.size) & (trades.size >= 0))
    if options.on_bad is OnBad.ERROR:
        _refuse(path, sheet, trades, late, ("time", "a time no earlier than in the row before", trades.time_ns))
        _refuse(path, sheet, trades, bad_price, ("price", "a number above 0", trades.price))
        _refuse(path, sheet, trades, bad_size, ("size", "a number of 0 or more", trades.size))
        return trades
    return _without(trades, late, bad_price | bad_size)


def _refuse(
    path: Path,
    sheet: Sheet,
    trades: _Trades,
    bad: npt.NDArray[np.bool_],
    what: tuple[str, str, npt.NDArray[Any]],
) -> None:
    if bad.any():
        index = int(np.argmax(bad))
        column, expected, values = what
        found = moment(int(values[index])) if column == "time" else str(values[index])
        raise DataFileError(path, sheet.place(int(trades.row[index])), f"{column}: expected {expected}, found {found}")


def _without(trades: _Trades, late: npt.NDArray[np.bool_], bad: npt.NDArray[np.bool_]) -> _Trades:
    kept, notes = np.flatnonzero(~bad), list(trades.notes)
    if bad.any():
        notes.append(f"{np.count_nonzero(bad)} trades without a price above 0 and a size: dropped")
    if late.any():
        notes.append(f"{np.count_nonzero(late)} trades earlier than one before them: sorted")
        kept = kept[np.argsort(trades.time_ns[kept], kind="stable")]
    return _Trades(
        symbol=trades.symbol,
        row=trades.row[kept],
        time_ns=trades.time_ns[kept],
        price=trades.price[kept],
        size=trades.size[kept],
        notes=tuple(notes),
    )
