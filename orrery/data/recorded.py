"""Market data from Orrery's own recordings: the bars in them as columns, quotes and trades one by one."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from common.messages import Bar, Quote, Trade
from orrery.data.errors import DataFileError
from orrery.data.names import same_symbol
from orrery.data.options import ReadOptions
from services.backtest.quality import RawBars
from services.market_data.adapters.recording_lines import Shape
from services.market_data.adapters.recordings import RecordingError, messages, shape_of_file

_COLUMNS = ("open", "high", "low", "close", "volume")


class RecordedBars(NamedTuple):
    """Unchecked bars of one symbol and timeframe; lines: their lines in the file."""

    bars: RawBars
    symbol: str
    timeframe: str
    lines: list[int]
    notes: tuple[str, ...]


def recorded_bars(path: Path, options: ReadOptions) -> RecordedBars:
    """Return the closed bars of a recording; those whose beginning was not observed are left out.

    Raises:
        DataFileError: the file cannot be read, holds no bars of the symbol, or those of several symbols or timeframes.
    """
    lines: list[int] = []
    bars: list[Bar] = []
    partial = 0
    for number, message in _messages(path):
        if isinstance(message, Bar) and _is_wanted(message.symbol, options) and _fits(message, options):
            partial += message.partial
            if not message.partial:
                lines.append(number)
                bars.append(message)
    kinds = sorted({(bar.symbol, bar.timeframe) for bar in bars})
    if len(kinds) != 1:
        wanted = f"closed bars{f' of {options.symbol}' if options.symbol else ''} of one symbol and timeframe"
        found = ", ".join(f"{symbol} {timeframe}" for symbol, timeframe in kinds) or "none"
        raise DataFileError(path, "", f"expected {wanted}, found {found}")
    columns = {name: np.array([getattr(bar, name) for bar in bars], dtype=np.float64) for name in _COLUMNS}
    times = np.array([bar.start_ns for bar in bars], dtype=np.int64)
    raw = RawBars(row=np.arange(len(bars)), start_ns=times, **columns)
    notes = (f"{partial} bars left out whose beginning was not observed",) if partial else ()
    return RecordedBars(raw, options.symbol or kinds[0][0], kinds[0][1], lines, notes)


def recorded_ticks(path: Path, options: ReadOptions) -> Iterator[Trade | Quote]:
    """Yield the quotes and trades of a recording in their order; DataFileError when a line cannot be read."""
    for _, message in _messages(path):
        if isinstance(message, Trade | Quote) and _is_wanted(message.symbol, options):
            late = options.end_ns is not None and message.event_ns >= options.end_ns
            early = options.start_ns is not None and message.event_ns < options.start_ns
            if not late and not early:
                yield message


def _messages(path: Path) -> Iterator[tuple[int, object]]:
    try:
        shape = shape_of_file(path)
        if shape is not Shape.MESSAGES:
            raise DataFileError(path, "", f"expected Orrery's messages or rows of market data, found {shape.value}")
        recording = messages(path)
        for message in recording:
            yield recording.lines, message
    except RecordingError as error:
        raise DataFileError(path, "", str(error).removeprefix(f"{path}: ")) from error


def _is_wanted(symbol: str, options: ReadOptions) -> bool:
    return not options.symbol or same_symbol(symbol, options.symbol)


def _fits(bar: Bar, options: ReadOptions) -> bool:
    return not options.timeframe or bar.timeframe == options.timeframe
