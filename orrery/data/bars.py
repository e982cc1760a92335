"""Bars from a file: found by the columns' names or a mapping, checked, and with where they came from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from orrery.data.errors import DataFileError
from orrery.data.options import ReadOptions
from orrery.data.recorded import bars_of_orders, recorded_bars
from orrery.data.rows import columns_of, require, rows_of
from orrery.data.sheets import Content, Sheet
from orrery.data.single_orders import holds_orders
from orrery.data.trades import MadeBars, bars_of_quotes, bars_of_trades, holds_quotes, holds_trades
from services.backtest.bars_table import PRICES, BarTable
from services.backtest.data_quality import QualityReport, moment
from services.backtest.on_bad import OnBad
from services.backtest.quality import QualityError, RawBars, checked, inferred_timeframe
from services.backtest.result import Provenance


class LoadedBars(NamedTuple):
    """A file's bars, where they came from, and what was found wrong and done about it."""

    table: BarTable
    provenance: Provenance
    report: QualityReport


class Found(NamedTuple):
    """Unchecked bars of one symbol. places: where a row stands in the file; notes: what had to be assumed."""

    bars: RawBars
    symbol: str
    timeframe: str
    places: "Places"
    notes: tuple[str, ...]


class Places:
    """Where rows stand in a file: as a sheet counts, or by their line numbers."""

    def __init__(self, sheet: Sheet | None, lines: Sequence[int] = ()) -> None:
        self._sheet = sheet
        self._lines = lines

    def of(self, row: int) -> str:
        """Return where a row, from 0, stands, as people count."""
        return self._sheet.place(row) if self._sheet is not None else str(self._lines[row])


def load_bars(
    path: Path,
    *,
    symbol: str = "",
    mapping: Mapping[str, str] | None = None,
    start: int | None = None,
    end: int | None = None,
    policy: OnBad = OnBad.ERROR,
) -> tuple[BarTable, Provenance]:
    """Return the bars of a file that begin from `start` up to, not including, `end`, and where they came from.

    Times are nanoseconds UTC; `read_bars` also takes a timeframe, and returns the report of what was found wrong.

    Raises:
        DataFileError: the file cannot be read, lacks a column or the symbol, has bad rows under OnBad.ERROR, or no bar.
    """
    options = ReadOptions(symbol=symbol, mapping=mapping or {}, start_ns=start, end_ns=end, on_bad=policy)
    loaded = read_bars(path, options)
    return loaded.table, loaded.provenance


def read_bars(path: Path, options: ReadOptions) -> LoadedBars:
    """Return the bars of a CSV, Parquet, Feather or JSON Lines file, or those that a recording adds up to.

    Raises:
        DataFileError: the file cannot be read, lacks a column or the symbol, has bad rows under OnBad.ERROR, or no bar.
    """
    content = Content(path)
    sheet = None if content.is_recording else content.sheet()
    if sheet is None or holds_orders(sheet):
        recorded = recorded_bars(path, options) if sheet is None else bars_of_orders(path, content.data, options)
        found = Found(recorded.bars, recorded.symbol, recorded.timeframe, Places(None, recorded.lines), recorded.notes)
    else:
        found = _found_in_sheet(path, sheet, options)
        found = found._replace(timeframe=found.timeframe or content.timeframe)
    found = found._replace(bars=_in_range(path, found.bars, options))
    timeframe = options.timeframe or found.timeframe or (options.lone_timeframe if len(found.bars) == 1 else "")
    try:
        timeframe = timeframe or inferred_timeframe(found.bars.start_ns)
        table, report = checked(found.bars, found.symbol, timeframe, options.on_bad)
    except QualityError as error:
        raise DataFileError(path, found.places.of(error.row), str(error)) from error
    except ValueError as error:
        raise DataFileError(path, "", str(error)) from error
    provenance = _provenance(path, content.sha256, table, (*found.notes, *report.notes()))
    return LoadedBars(table, msgspec.structs.replace(provenance, quality=report), report)


def _found_in_sheet(path: Path, sheet: Sheet, options: ReadOptions) -> Found:
    figures = (*PRICES, "volume")
    columns = columns_of(path, sheet, figures, options.mapping)
    if not any(name in columns for name in PRICES):
        made = _made(path, sheet, options)
        if made is not None:
            return Found(made.bars, made.symbol, made.timeframe, Places(sheet), made.notes)
    require(path, sheet, columns, PRICES)
    rows = rows_of(path, sheet, columns, figures, options)
    notes = rows.notes
    if "volume" not in rows.figures:
        notes = (*notes, "no column of volume: taken as 0")
        rows.figures["volume"] = np.zeros(len(rows.row))
    bars = RawBars(row=rows.row, start_ns=rows.time_ns, **rows.figures)
    return Found(bars, rows.symbol, "", Places(sheet), notes)


def _made(path: Path, sheet: Sheet, options: ReadOptions) -> MadeBars | None:
    if holds_quotes(path, sheet, options):
        return bars_of_quotes(path, options)
    return bars_of_trades(path, sheet, options) if holds_trades(path, sheet, options) else None


def _in_range(path: Path, bars: RawBars, options: ReadOptions) -> RawBars:
    wanted = np.ones(len(bars), dtype=np.bool_)
    if options.start_ns is not None:
        wanted &= bars.start_ns >= options.start_ns
    if options.end_ns is not None:
        wanted &= bars.start_ns < options.end_ns
    if len(bars) and wanted.all():
        return bars
    if not wanted.any():
        start = "the beginning" if options.start_ns is None else moment(options.start_ns)
        end = "the end" if options.end_ns is None else f"before {moment(options.end_ns)}"
        first, last = (moment(int(edge(bars.start_ns))) if len(bars) else "" for edge in (np.min, np.max))
        found = f"{len(bars)} bars from {first} to {last}" if len(bars) else "no rows"
        raise DataFileError(path, "", f"time: expected bars from {start} to {end}, found {found}")
    return bars.take(wanted)


def _provenance(path: Path, sha256: str, table: BarTable, notes: tuple[str, ...]) -> Provenance:
    return Provenance(
        file=path.name,
        sha256=sha256,
        symbol=table.symbol,
        timeframe=table.timeframe,
        start_ns=int(table.start_ns[0]),
        end_ns=int(table.end_ns[-1]),
        rows=len(table),
        notes=notes,
    )
