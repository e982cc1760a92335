"""Bars from a file: found by the columns' names or a mapping, checked, and with where they came from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orrery.data.errors import DataFileError
from orrery.data.names import BAR_FIELDS, CLOCK, SYMBOL, TIME, found_columns, names_another, same_symbol, symbol_of_name
from orrery.data.options import ReadOptions
from orrery.data.recorded import recorded_bars
from orrery.data.sheets import Content, Sheet
from orrery.data.times import NAIVE, TimeError, numbers_of, times_of
from services.backtest.bars_table import PRICES, BarTable
from services.backtest.quality import OnBad, QualityError, QualityReport, RawBars, checked, inferred_timeframe, moment
from services.backtest.result import Provenance

MAX_NAMED_SYMBOLS = 10
"""Most symbols of a file that an error names."""


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
    """Return the bars of a CSV, Parquet, Feather or JSON Lines file, or of an Orrery recording.

    Raises:
        DataFileError: the file cannot be read, lacks a column or the symbol, has bad rows under OnBad.ERROR, or no bar.
    """
    content = Content(path)
    if content.is_recording:
        recorded = recorded_bars(path, options)
        found = Found(recorded.bars, recorded.symbol, recorded.timeframe, Places(None, recorded.lines), recorded.notes)
    else:
        found = _found_in_sheet(path, content.sheet(), options)
    found = found._replace(bars=_in_range(path, found.bars, options))
    timeframe = options.timeframe or found.timeframe
    try:
        timeframe = timeframe or inferred_timeframe(found.bars.start_ns)
        table, report = checked(found.bars, found.symbol, timeframe, options.on_bad)
    except QualityError as error:
        raise DataFileError(path, found.places.of(error.row), str(error)) from error
    except ValueError as error:
        raise DataFileError(path, "", str(error)) from error
    return LoadedBars(table, _provenance(path, content.sha256, table, (*found.notes, *report.notes())), report)


def _found_in_sheet(path: Path, sheet: Sheet, options: ReadOptions) -> Found:
    columns = _columns_of(path, sheet, options.mapping)
    numbers = [columns[name] for name in (*PRICES, "volume") if name in columns]
    others = [columns[name] for name in (TIME, CLOCK, SYMBOL) if name in columns]
    read = sheet.columns(numbers, others)
    rows, symbol, notes = _rows_of_symbol(path, read[columns[SYMBOL]] if SYMBOL in columns else None, options.symbol)
    if rows is not None:
        read = {name: column.take(rows) for name, column in read.items()}
    row_numbers = np.arange(len(read[columns[TIME]])) if rows is None else np.from_dlpack(rows).astype(np.int64)
    try:
        times = times_of(read[columns[TIME]], read[columns[CLOCK]] if CLOCK in columns else None)
    except TimeError as error:
        place = sheet.place(int(row_numbers[error.row]))
        raise DataFileError(path, place, f"{columns[TIME]}: {error}") from error
    values = {name: numbers_of(read[columns[name]]) for name in (*PRICES, "volume") if name in columns}
    if "volume" not in values:
        notes = (*notes, "no column of volume: taken as 0")
        values["volume"] = np.zeros(len(times.ns))
    notes = (*sheet.notes, *notes, *((NAIVE,) if times.is_naive else ()))
    return Found(RawBars(row=row_numbers, start_ns=times.ns, **values), symbol, "", Places(sheet), notes)


def _columns_of(path: Path, sheet: Sheet, mapping: Mapping[str, str]) -> dict[str, str]:
    try:
        columns = found_columns(sheet.names, (*BAR_FIELDS, SYMBOL), mapping)
    except ValueError as error:
        raise DataFileError(path, "", str(error)) from error
    missing = [name for name in (TIME, *PRICES) if name not in columns]
    if missing:
        expected = ", ".join("timestamp" if name == TIME else name for name in missing)
        found = ", ".join(sheet.names)
        hint = "a mapping such as close=Last names columns that are called otherwise"
        raise DataFileError(path, sheet.names_place, f"columns: expected {expected}, found {found}; {hint}")
    return columns


def _rows_of_symbol(
    path: Path, column: pa.ChunkedArray | None, wanted: str
) -> tuple[pa.Array | None, str, tuple[str, ...]]:
    """Return the numbers of the wanted symbol's rows, None for all; the symbol; and what had to be assumed."""
    if column is None:
        if not wanted:
            symbol = symbol_of_name(path)
            return None, symbol, (f"symbol {symbol} taken from the file's name",)
        doubt = f"the file's name says {symbol_of_name(path)}, not {wanted}"
        return None, wanted, (doubt,) if names_another(path, wanted) else ()
    names = [str(name) for name in pc.unique(column).to_pylist() if name is not None]
    fitting = [name for name in names if not wanted or same_symbol(name, wanted)]
    if len(fitting) != 1:
        expected = f"expected {wanted}" if wanted else "expected one symbol, or the name of one of them"
        shown = ", ".join(names[:MAX_NAMED_SYMBOLS]) + (", …" if len(names) > MAX_NAMED_SYMBOLS else "")
        raise DataFileError(path, "", f"symbol: {expected}, found {shown or 'nothing'}")
    rows = None
    if len(names) > 1 or column.null_count:
        rows = pc.indices_nonzero(pc.equal(column.cast(pa.string()), fitting[0]))
    return rows, wanted or fitting[0], ()


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
