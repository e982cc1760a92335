"""What a recording has that bars are made of: its bars, the prices of its trades, the mids of its quotes."""

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from common.messages import Bar, Quote, Trade
from orrery.data.errors import DataFileError
from orrery.data.kinds import readable_frames
from orrery.data.names import same_symbol, symbol_of_name
from orrery.data.options import ReadOptions
from orrery.data.single_orders import order_messages
from services.backtest.on_bad import OnBad
from services.market_data.adapters.recording_lines import Shape
from services.market_data.adapters.recordings import BadLine, RecordingError, frames, messages, shape_of_file
from services.market_data.core.events import VenueCandle, VenueEvent, VenueQuote, VenueTrade
from services.market_data.core.tape import Tape
from services.market_data.core.venues import load


class Price(NamedTuple):
    """A price at a time, nanoseconds UTC; line: where it stands in the file."""

    line: int
    time_ns: int
    price: float
    size: float


class RecordedBar(NamedTuple):
    """A closed bar as it was recorded; partial: its beginning was not observed."""

    start_ns: int
    timeframe: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    partial: bool = False


class Contents:
    """What a recording has of the wanted symbol, with its lines."""

    def __init__(self, wanted: str = "") -> None:
        """wanted: a symbol in any spelling; empty for all."""
        self._wanted = wanted
        self._tapes: defaultdict[str, Tape] = defaultdict(Tape)
        self._latest_ns = 0
        self.lacking = "nothing"
        self.symbols: dict[str, None] = {}
        self.bars: list[tuple[int, RecordedBar]] = []
        self.candles: list[tuple[int, RecordedBar]] = []
        self.trades: list[Price] = []
        self.quotes: list[Price] = []

    def add(self, line: int, message: Bar | Trade | Quote) -> None:
        """Keep a message."""
        if not self._is_wanted(message.symbol):
            return
        match message:
            case Bar():
                bar = RecordedBar(
                    message.start_ns, message.timeframe, message.open, message.high, message.low, message.close,
                    message.volume, message.partial,
                )  # fmt: skip
                self.bars.append((line, bar))
            case Trade():
                self.trades.append(Price(line, message.event_ns, message.price, message.size))
            case Quote():
                self.quotes.append(Price(line, message.event_ns, message.mid, 0.0))

    def add_event(self, line: int, received_ns: int | None, event: VenueEvent) -> None:
        """Keep what a frame of a venue told; received_ns: None where that was not recorded."""
        self._latest_ns = max(self._latest_ns, received_ns or 0)
        match event:
            case VenueTrade() if self._is_wanted(event.symbol) and self._is_new(event):
                self.trades.append(Price(line, event.event_ns, event.price, event.size))
            case VenueQuote() if 0 < event.bid < event.ask and self._is_wanted(event.symbol):
                mid = (event.bid + event.ask) / 2
                self.quotes.append(Price(line, event.event_ns or self._latest_ns, mid, 0.0))
            case VenueCandle() if event.closed and self._is_wanted(event.symbol):
                bar = RecordedBar(
                    event.start_ns, event.timeframe, event.open, event.high, event.low, event.close, event.volume
                )
                self.candles.append((line, bar))

    def _is_wanted(self, symbol: str) -> bool:
        if self._wanted and not same_symbol(symbol, self._wanted):
            return False
        self.symbols[symbol] = None
        return True

    def _is_new(self, trade: VenueTrade) -> bool:
        # Trades may be recorded twice: over two connections, or beside their aggregates.
        tape = self._tapes[trade.symbol]
        return tape.wants(aggregate=trade.aggregate) and tape.take(trade.first_trade_id, trade.trade_id, trade.event_ns)


def contents_of(path: Path, options: ReadOptions, venue: str = "binance") -> tuple[Contents, tuple[str, ...]]:
    """Return what a recording has of a symbol, and notes of lines that were left out; venue: whose raw frames they are.

    Raises:
        DataFileError: the file cannot be read, or is no recording.
    """
    contents = Contents(options.symbol)
    bad_line = BadLine.RAISE if options.on_bad is OnBad.ERROR else BadLine.SKIP
    try:
        shape = shape_of_file(path)
        if shape is Shape.REPLIES:
            raise DataFileError(path, "", f"expected market data, found {shape.value}")
        if shape is Shape.FRAMES:
            skipped = _add_frames(contents, path, bad_line, venue)
        else:
            skipped = _add_messages(contents, path, bad_line)
    except RecordingError as error:
        raise DataFileError(path, "", str(error).removeprefix(f"{path}: ")) from error
    return contents, ((f"{skipped} lines that cannot be read or show no two-sided market: dropped",) if skipped else ())


def contents_of_orders(path: Path, data: bytes, options: ReadOptions) -> Contents:
    """Return the trades and quotes that a file of single orders adds up to; DataFileError for a row that is none."""
    contents = Contents()
    for message in order_messages(path, options.symbol or symbol_of_name(path), data):
        if isinstance(message, Trade | Quote):
            contents.add(1, message)
    return contents


def _add_messages(contents: Contents, path: Path, bad_line: BadLine) -> int:
    recording = messages(path, bad_line)
    for message in recording:
        if isinstance(message, Bar | Trade | Quote):
            contents.add(recording.lines, message)
    return recording.skipped


def _add_frames(contents: Contents, path: Path, bad_line: BadLine, venue: str) -> int:
    recording = frames(path, bad_line)
    decode = load(venue).decode
    for frame in recording:
        for event in decode(frame.payload):
            contents.add_event(recording.lines, frame.ts_ns, event)
    if not contents.symbols:
        contents.lacking = f"raw frames with {readable_frames(venue)}"
    return recording.skipped
