"""Files of rows and columns: CSV, Parquet, Feather and JSON Lines of rows, plain or packed, told apart by their content."""

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from orrery.data.csv_sheet import CsvSheet
from orrery.data.errors import DataFileError

MAX_UNPACKED_BYTES = 8 * 2**30
"""Most bytes a file may have, also once unpacked: columns are held in memory."""
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_GZIP, _ZIP, _PARQUET, _ARROW, _FEATHER_1 = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"ARROW1", b"FEA1"


class Sheet(Protocol):
    """Named columns of a file. notes: what had to be assumed to read it; names_place: where the names stand."""

    names: Sequence[str]
    names_place: str
    notes: Sequence[str]

    def columns(self, numbers: Sequence[str], others: Sequence[str]) -> dict[str, pa.ChunkedArray]:
        """Return columns by their names: `numbers` as float64, empty ones null; `others` as they are. DataFileError."""

    def place(self, row: int) -> str:
        """Return where a row, from 0, stands in the file, as people count."""


class ArrowSheet:
    """A file that knows its columns' types."""

    notes: Sequence[str] = ()
    names_place = ""

    def __init__(self, path: Path, table: pa.Table) -> None:
        self._path = path
        self._table = table
        self.names: Sequence[str] = table.column_names

    def columns(self, numbers: Sequence[str], others: Sequence[str]) -> dict[str, pa.ChunkedArray]:
        """Return columns by their names: `numbers` as float64, empty ones null; `others` as they are. DataFileError."""
        found = {name: self._table.column(name) for name in others}
        for name in numbers:
            try:
                found[name] = self._table.column(name).cast(pa.float64())
            except pa.ArrowException as error:
                kind = self._table.column(name).type
                raise DataFileError(self._path, "", f"{name}: expected numbers, found {kind}: {error}") from error
        return found

    def place(self, row: int) -> str:
        """Return where a row, from 0, stands in the file, as people count."""
        return f"row {row + 1}"


class Content:
    """The bytes of a file, unpacked, and what identifies the file. timeframe: of its bars, if its path says it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            packed = path.read_bytes()
        except OSError as error:
            raise DataFileError(path, "", f"cannot be read: {error.strerror or error}") from error
        self.sha256 = hashlib.sha256(packed).hexdigest()
        try:
            self.data = _unpacked(path, packed)
        except (EOFError, zlib.error, OSError, zipfile.BadZipFile) as error:
            raise DataFileError(path, "", f"expected a whole gzip or zip file, found it damaged: {error}") from error
        self.timeframe = self._take_lean() if packed.startswith(_ZIP) else ""
        if not self.data.strip():
            raise DataFileError(path, "", "expected rows of data, found an empty file")

    def _take_lean(self) -> str:
        """Turn a file of Lean's tree into rows like others; return the length of its bars."""
        from orrery.data.lean import lean_file, lean_rows  # with the zones of the world, which few files need

        lean = lean_file(self.path)
        if lean is None:
            return ""
        self.data = lean_rows(self.path, lean, self.data)
        return lean.timeframe

    @property
    def is_json_lines(self) -> bool:
        """Return whether the content is JSON objects."""
        return self.data[:64].lstrip().startswith(b"{")

    @property
    def is_recording(self) -> bool:
        """Return whether the JSON objects are messages or frames, by the first of them, and not rows of bars."""
        first = self.data.lstrip().partition(b"\n")[0]
        return self.is_json_lines and (b'"received_ns"' in first or b'"open"' not in first)

    def sheet(self) -> Sheet:
        """Return the rows and columns; DataFileError."""
        if self.data.startswith(_ZSTANDARD):
            raise DataFileError(
                self.path, "", "expected rows as text, found Zstandard, as DBN is packed: write it as CSV"
            )
        if self.data.startswith(_FEATHER_1):
            raise DataFileError(self.path, "", "expected Feather version 2, found version 1: write it anew")
        try:
            table = self._table()
        except (pa.ArrowException, OSError) as error:
            raise DataFileError(self.path, "", f"expected a whole file of columns: {error}") from error
        return CsvSheet(self.path, self.data) if table is None else ArrowSheet(self.path, table)

    def _table(self) -> pa.Table | None:
        # No threads: one that outlives the reading aborts the process at its end, when it lets go of our bytes.
        source = pa.BufferReader(self.data)
        # Each imported where it is used: together they take longer to load than most files to read.
        if self.data.startswith(_PARQUET):
            import pyarrow.parquet

            return pyarrow.parquet.ParquetFile(source, pre_buffer=False).read(use_threads=False)
        if self.data.startswith(_ARROW):
            import pyarrow.feather

            return pyarrow.feather.read_table(source, use_threads=False)
        if self.is_json_lines:
            import pyarrow.json

            return pyarrow.json.read_json(source, pyarrow.json.ReadOptions(use_threads=False))
        return None


def _unpacked(path: Path, packed: bytes) -> bytes:
    data = packed
    if packed.startswith(_GZIP):
        with gzip.open(io.BytesIO(packed)) as file:
            data = file.read(MAX_UNPACKED_BYTES + 1)
    elif packed.startswith(_ZIP):
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = [each for each in archive.infolist() if not each.is_dir()]
            if len(members) != 1:
                raise DataFileError(path, "", f"expected a zip of one file, found {len(members)} files in it")
            with archive.open(members[0]) as file:
                data = file.read(MAX_UNPACKED_BYTES + 1)
    if len(data) > MAX_UNPACKED_BYTES:
        raise DataFileError(path, "", f"expected at most {MAX_UNPACKED_BYTES} bytes unpacked")
    return data
