"""Bars of the length that is asked for, out of files of bars of that length or of shorter ones, of trades or of quotes."""

from dataclasses import replace
from pathlib import Path

import msgspec

from common.timeframes import timeframe_ns
from orrery.data.bars import read_bars
from orrery.data.errors import DataFileError
from orrery.data.kinds import Form, held_in
from orrery.data.options import ReadOptions
from orrery.data.resample import ResampleError, resampled
from services.backtest.bars_table import BarTable
from services.backtest.result import DataTier, Provenance


def bars_of_length(path: Path, options: ReadOptions, timeframe: str) -> tuple[BarTable, Provenance]:
    """Return a file's bars of one length; whole ones only where they are made of shorter ones.

    Raises:
        DataFileError: as `read_bars`; or no such bars can be made.
    """
    try:
        timeframe_ns(timeframe)
    except ValueError as error:
        raise DataFileError(path, "", str(error)) from error
    held = held_in(path, options)
    if held.form is not Form.SHEET or held.tier is not DataTier.BARS:
        loaded = read_bars(path, replace(options, timeframe=timeframe))
        return loaded.table, loaded.provenance
    loaded = read_bars(path, replace(options, lone_timeframe=timeframe))
    try:
        table, notes = resampled(loaded.table, timeframe)
    except ResampleError as error:
        raise DataFileError(path, "", str(error)) from error
    found = loaded.provenance
    return table, msgspec.structs.replace(
        found, timeframe=timeframe, rows=len(table), notes=(*found.notes, *notes), start_ns=int(table.start_ns[0]),
        end_ns=int(table.end_ns[-1]),
    )  # fmt: skip
