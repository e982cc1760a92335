"""CSV of any delimiter, with or without a header: columns read by Arrow, faults found again line by line."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from orrery.data.errors import DataFileError

_DELIMITERS = ",;\t|"
_EMPTY = ["", "nan", "NaN", "NAN", "null", "NULL", "None", "NA", "N/A", "n/a", "-"]
"""Cells that hold nothing."""
HEADERLESS: dict[int, tuple[str, ...]] = {
    6: ("timestamp", "open", "high", "low", "close", "volume"),
    12: (
        *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trade_count"),
        *("taker_base_volume", "taker_quote_volume", "ignored"),
    ),
}
"""What the columns of a file without names are, by their number: plain bars; klines as Binance publishes them."""
_LOOKED_AT_BYTES = 65_536


class CsvSheet:
    """The columns of a CSV file. Lines before the names that are empty, comments or of one cell only are passed over."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path = path
        self._data = data.removeprefix(b"\xef\xbb\xbf")
        self.notes: Sequence[str] = ()
        number, line = self._first_line_of_cells()
        self.names_place = str(number)
        self._delimiter = max(_DELIMITERS, key=line.count)
        self._skipped = number - 1
        cells = [cell.strip() for cell in _cells(line, self._delimiter)]
        self._has_names = len(cells) < 2 or not all(_is_number(cell, self._point(line)) for cell in cells[1:])
        self._decimal_point = self._point(self._line_of_values())
        self.names: Sequence[str] = cells if self._has_names else self._assumed(cells)
        twice = sorted({name for name in self.names if name and self.names.count(name) > 1})
        if twice:
            raise DataFileError(
                path, f"{number}", f"expected every column to have a name of its own, found {twice} twice"
            )

    def columns(self, numbers: Sequence[str], others: Sequence[str]) -> dict[str, pa.ChunkedArray]:
        """Return columns by their names: `numbers` as float64, empty ones null; `others` as they are. DataFileError."""
        read = pyarrow.csv.ReadOptions(
            use_threads=False, column_names=list(self.names), skip_rows=self._skipped + self._has_names
        )
        parse = pyarrow.csv.ParseOptions(delimiter=self._delimiter)
        convert = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(numbers, pa.float64()),
            include_columns=[*numbers, *others],
            null_values=_EMPTY,
            decimal_point=self._decimal_point,
        )
        try:
            table = pyarrow.csv.read_csv(pa.BufferReader(self._data), read, parse, convert)
        except pa.ArrowInvalid as error:
            self._refuse_first_fault(numbers)
            raise DataFileError(self._path, "", f"cannot be read as CSV: {error}") from error
        for name in others:
            if pa.types.is_binary(table.column(name).type):
                raise DataFileError(self._path, "", f"{name}: expected text in UTF-8, found other bytes")
        return {name: table.column(name) for name in table.column_names}

    def place(self, row: int) -> str:
        """Return where a row, from 0, stands in the file: its line, from 1."""
        for index, (number, _) in enumerate(self._lines_of_values()):
            if index == row:
                return str(number)
        return f"row {row + 1}"

    def _first_line_of_cells(self) -> tuple[int, str]:
        beginning = self._data[:_LOOKED_AT_BYTES].decode(errors="replace")
        if "\0" in beginning:
            raise DataFileError(
                self._path, "", "expected CSV in UTF-8, Parquet, Feather or JSON Lines, found another form"
            )
        for number, line in enumerate(beginning.splitlines(), 1):
            if not line.startswith("#") and any(delimiter in line for delimiter in _DELIMITERS):
                return number, line
        raise DataFileError(self._path, "1", f"expected columns apart by one of {_DELIMITERS!r}, found none")

    def _assumed(self, cells: list[str]) -> Sequence[str]:
        names = HEADERLESS.get(len(cells))
        if names is None:
            expected = f"the columns' names, or {' or '.join(map(str, HEADERLESS))} columns of bars without names"
            raise DataFileError(self._path, str(self._skipped + 1), f"expected {expected}, found {len(cells)} numbers")
        self.notes = (f"no names of columns: taken as {', '.join(names[:6])}",)
        return names

    def _point(self, line: str) -> str:
        return "," if self._delimiter == ";" and "," in line else "."

    def _line_of_values(self) -> str:
        return next((line for _, line in self._lines_of_values()), "")

    def _lines_of_values(self) -> Iterator[tuple[int, str]]:
        first = self._skipped + self._has_names
        for number, line in enumerate(io.BytesIO(self._data), 1):
            if number > first and line.strip(b"\r\n"):
                yield number, line.decode(errors="replace").rstrip("\r\n")

    def _refuse_first_fault(self, numbers: Sequence[str]) -> None:
        wanted = [(self.names.index(name), name) for name in numbers]
        for number, line in self._lines_of_values():
            cells = _cells(line, self._delimiter)
            if len(cells) != len(self.names):
                expected = f"expected {len(self.names)} cells, found {len(cells)}: {line[:120]!r}"
                raise DataFileError(self._path, str(number), expected)
            for index, name in wanted:
                if cells[index] not in _EMPTY and not _is_number(cells[index], self._decimal_point):
                    raise DataFileError(self._path, str(number), f"{name}: expected a number, found {cells[index]!r}")


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return line.split(delimiter)


def _is_number(text: str, decimal_point: str) -> bool:
    try:
        float(text.replace(decimal_point, "."))
    except ValueError:
        return False
    return "_" not in text
