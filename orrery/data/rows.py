"""The rows of one symbol in a sheet: columns under our names, times in nanoseconds, and what had to be assumed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orrery.data.errors import DataFileError
from orrery.data.names import CLOCK, SYMBOL, TIME, found_columns, names_another, same_symbol, symbol_of_name
from orrery.data.options import ReadOptions
from orrery.data.sheets import Sheet
from orrery.data.times import NAIVE, TimeError, numbers_of, times_of
from services.backtest.bars_table import Integers

MAX_NAMED_SYMBOLS = 10
"""Most symbols of a file that an error names."""
HINT = "a mapping such as close=Last names columns that are called otherwise"


class Rows(NamedTuple):
    """Columns of one length. row: the rows' numbers in the sheet; texts: what is no figure, as the file has it."""

    symbol: str
    row: Integers
    time_ns: Integers
    figures: dict[str, npt.NDArray[Any]]
    others: dict[str, pa.ChunkedArray]
    notes: tuple[str, ...]


def columns_of(path: Path, sheet: Sheet, fields: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return field -> the sheet's column for time, symbol and the fields that are there; DataFileError by the mapping."""
    try:
        return found_columns(sheet.names, (TIME, SYMBOL, *fields), mapping)
    except ValueError as error:
        raise DataFileError(path, "", str(error)) from error


def require(path: Path, sheet: Sheet, columns: Mapping[str, str], fields: Sequence[str]) -> None:
    """Do nothing when there is a column for the time and every field; otherwise raise DataFileError."""
    missing = [name for name in (TIME, *fields) if name not in columns]
    if missing:
        expected = ", ".join("timestamp" if name == TIME else name for name in missing)
        found = ", ".join(sheet.names)
        raise DataFileError(path, sheet.names_place, f"columns: expected {expected}, found {found}; {HINT}")


def rows_of(path: Path, sheet: Sheet, columns: Mapping[str, str], figures: Sequence[str], options: ReadOptions) -> Rows:
    """Return the rows of the symbol that is asked for, or of the only one there is.

    Raises:
        DataFileError: a cell is no figure or no time; the symbol is not there, or there are several and none is named.
    """
    numbers = [columns[name] for name in figures if name in columns]
    others = [column for field, column in columns.items() if field not in figures]
    read = sheet.columns(numbers, others)
    wanted, symbol, notes = _of_symbol(path, read[columns[SYMBOL]] if SYMBOL in columns else None, options.symbol)
    if wanted is not None:
        read = {name: column.take(wanted) for name, column in read.items()}
    row = np.arange(len(read[columns[TIME]])) if wanted is None else np.from_dlpack(wanted).astype(np.int64)
    try:
        times = times_of(read[columns[TIME]], read[columns[CLOCK]] if CLOCK in columns else None)
    except TimeError as error:
        raise DataFileError(path, sheet.place(int(row[error.row])), f"{columns[TIME]}: {error}") from error
    return Rows(
        symbol=symbol,
        row=row,
        time_ns=times.ns,
        figures={name: numbers_of(read[columns[name]]) for name in figures if name in columns},
        others={name: read[column] for name, column in columns.items() if name not in figures},
        notes=(*sheet.notes, *notes, *((NAIVE,) if times.is_naive else ())),
    )


def _of_symbol(path: Path, column: pa.ChunkedArray | None, wanted: str) -> tuple[pa.Array | None, str, tuple[str, ...]]:
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
