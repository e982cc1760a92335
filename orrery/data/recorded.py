"""Bars from Orrery's own recordings: those in them, or made of their trades, or of the mids of their quotes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from common.messages import Bar, Quote, Trade
from common.timeframes import timeframe_ns
from orrery.data.errors import DataFileError
from orrery.data.made import DEFAULT_TIMEFRAME, made_bars
from orrery.data.names import same_symbol
from orrery.data.options import ReadOptions
from services.backtest.on_bad import OnBad
from services.backtest.quality import RawBars
from services.market_data.adapters.recording_lines import Shape
from services.market_data.adapters.recordings import BadLine, RecordingError, messages, shape_of_file

_COLUMNS = ("open", "high", "low", "close", "volume")


class RecordedBars(NamedTuple):
    """Unchecked bars of one symbol and timeframe; lines: the lines in the file that their rows are the numbers of."""

    bars: RawBars
    symbol: str
    timeframe: str
    lines: Sequence[int]
    notes: tuple[str, ...]


class _Price(NamedTuple):
    line: int
    time_ns: int
    price: float
    size: float


class _Contents:
    """What a recording has of the wanted symbol, with its lines."""

    def __init__(self) -> None:
        self.symbols: dict[str, None] = {}
        self.bars: list[tuple[int, Bar]] = []
        self.trades: list[_Price] = []
        self.quotes: list[_Price] = []

    def add(self, line: int, message: Bar | Trade | Quote) -> None:
        """Keep a message."""
        self.symbols[message.symbol] = None
        match message:
            case Bar():
                self.bars.append((line, message))
            case Trade():
                self.trades.append(_Price(line, message.event_ns, message.price, message.size))
            case Quote():
                self.quotes.append(_Price(line, message.event_ns, message.mid, 0.0))


def recorded_bars(path: Path, options: ReadOptions) -> RecordedBars:
    """Return a recording's closed bars; where it has none, bars made of its trades, or else of its quotes.

    Raises:
        DataFileError: the file cannot be read, holds nothing of the symbol, or several symbols or lengths of bars.
    """
    contents, skipped = _read(path, options)
    if len(contents.symbols) != 1:
        expected = options.symbol or "one symbol, or the name of one of them"
        raise DataFileError(path, "", f"symbol: expected {expected}, found {', '.join(contents.symbols) or 'nothing'}")
    symbol = options.symbol or next(iter(contents.symbols))
    if contents.bars:
        made = _of_bars(path, contents.bars, symbol, options.timeframe)
    elif contents.trades:
        made = _of_prices(path, contents.trades, symbol, options.timeframe, "trades")
    else:
        made = _of_prices(path, contents.quotes, symbol, options.timeframe, "mids of quotes")
    return made._replace(notes=(*skipped, *made.notes))


def _of_bars(path: Path, recorded: list[tuple[int, Bar]], symbol: str, timeframe: str) -> RecordedBars:
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


def _of_prices(path: Path, prices: list[_Price], symbol: str, timeframe: str, kind: str) -> RecordedBars:
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


def _read(path: Path, options: ReadOptions) -> tuple[_Contents, tuple[str, ...]]:
    contents = _Contents()
    bad_line = BadLine.RAISE if options.on_bad is OnBad.ERROR else BadLine.SKIP
    try:
        shape = shape_of_file(path)
        if shape is not Shape.MESSAGES:
            raise DataFileError(path, "", f"expected Orrery's messages or rows of market data, found {shape.value}")
        recording = messages(path, bad_line)
        for message in recording:
            if isinstance(message, Bar | Trade | Quote) and _is_wanted(message.symbol, options):
                contents.add(recording.lines, message)
    except RecordingError as error:
        raise DataFileError(path, "", str(error).removeprefix(f"{path}: ")) from error
    skipped = (f"{recording.skipped} lines that cannot be read: dropped",) if recording.skipped else ()
    return contents, skipped


def _is_wanted(symbol: str, options: ReadOptions) -> bool:
    return not options.symbol or same_symbol(symbol, options.symbol)
