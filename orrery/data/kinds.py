"""What a data file holds, by its content: bars, or events, and then of which tier; and of which symbols."""

from collections.abc import Iterable
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from common.messages import Bar, BookSnapshot, BookUpdate, ExternalSignal, Quote, Trade
from orrery.data.errors import DataFileError
from orrery.data.names import TIME, found_columns
from orrery.data.options import ReadOptions
from orrery.data.sheets import Content, Sheet
from orrery.data.single_orders import holds_orders
from services.backtest.result import DataTier
from services.market_data.adapters.recording_lines import Shape
from services.market_data.adapters.recordings import BadLine, RecordingError, frames, messages, shape_of_file
from services.market_data.core.events import DepthDiff, VenueQuote, VenueTrade
from services.market_data.core.venues import load, names

LOOKED_AT = 20_000
"""Lines of a recording that are looked at."""
QUOTE_FIELDS = ("bid", "ask")
TRADE_FIELDS = ("price", "size")


class Form(Enum):
    """How a file is read."""

    SHEET = "rows and columns"
    FRAMES = "frames of a venue"
    MESSAGES = "messages"
    ORDERS = "single orders"


class Held(NamedTuple):
    """A file. tier: the closest look at the market that it allows; symbols: empty where a sheet does not name them."""

    path: Path
    form: Form
    tier: DataTier
    symbols: tuple[str, ...]
    has_trades: bool
    sha256: str

    @property
    def is_of_signals(self) -> bool:
        """Return whether it holds signals from outside alone, which go with data of any kind."""
        return self.form is Form.MESSAGES and self.tier is DataTier.ORDERS


def held_in(path: Path, options: ReadOptions, venue: str = "binance") -> Held:
    """Return what a file holds; venue: whose raw frames they are.

    Raises:
        DataFileError: the file cannot be read, or is of no known form.
    """
    content = Content(path)
    if not content.is_recording:
        return _of_sheet(path, content, options)
    try:
        shape = shape_of_file(path)
        if shape is Shape.REPLIES:
            raise DataFileError(path, "", f"expected market data, found {shape.value}")
        if shape is Shape.MESSAGES:
            found = _looked_at(islice(messages(path, BadLine.SKIP), LOOKED_AT))
            return Held(path, Form.MESSAGES, *found, content.sha256)
        decode = load(venue).decode
        events = (event for frame in islice(frames(path, BadLine.SKIP), LOOKED_AT) for event in decode(frame.payload))
        found = _looked_at(events)
        if not found[1]:
            raise DataFileError(path, "", f"expected market data, found raw frames with {readable_frames(venue)}")
        return Held(path, Form.FRAMES, *found, content.sha256)
    except RecordingError as error:
        raise DataFileError(path, "", str(error).removeprefix(f"{path}: ")) from error


def readable_frames(venue: str) -> str:
    """Return why nothing of raw frames was understood, whose can be, and what to do."""
    return (
        f"no trade, quote or closed candle of {venue} in them; raw frames of {', '.join(names())} can be read, others when "
        "converted to CSV (time, price, size; or time, bid, ask; or bars) or to Orrery's recordings (docs/recordings.md)"
    )


def signals_in(path: Path) -> list[ExternalSignal]:
    """Return the signals of a file that holds nothing else, in the order of their times; of any other file none.

    Raises:
        DataFileError: a line of such a file cannot be read.
    """
    try:
        first = next(iter(messages(path, BadLine.SKIP)), None) if shape_of_file(path) is Shape.MESSAGES else None
    except RecordingError:
        return []  # Whoever reads the file says what is wrong with it.
    if not isinstance(first, ExternalSignal):
        return []
    try:
        found = list(messages(path))
    except RecordingError as error:
        raise DataFileError(path, "", str(error).removeprefix(f"{path}: ")) from error
    signals = [message for message in found if isinstance(message, ExternalSignal)]
    return sorted(signals, key=lambda signal: signal.event_ns) if len(signals) == len(found) else []


def _of_sheet(path: Path, content: Content, options: ReadOptions) -> Held:
    sheet = content.sheet()
    if holds_orders(sheet):
        return Held(path, Form.ORDERS, DataTier.ORDERS, (), has_trades=True, sha256=content.sha256)
    return Held(path, Form.SHEET, *_tier_of_sheet(path, sheet, options), content.sha256)


def _tier_of_sheet(path: Path, sheet: Sheet, options: ReadOptions) -> tuple[DataTier, tuple[str, ...], bool]:
    fields = (TIME, "open", "close", *QUOTE_FIELDS, *TRADE_FIELDS)
    try:
        columns = found_columns(sheet.names, fields, options.mapping)
    except ValueError as error:
        raise DataFileError(path, "", str(error)) from error
    if "open" in columns or "close" in columns:
        return DataTier.BARS, (), False
    if all(field in columns for field in QUOTE_FIELDS):
        return DataTier.QUOTES, (), False
    if all(field in columns for field in TRADE_FIELDS):
        return DataTier.TRADES, (), True
    return DataTier.BARS, (), False  # The reader of bars says what is missing.


def _looked_at(items: Iterable[Any]) -> tuple[DataTier, tuple[str, ...], bool]:
    symbols: dict[str, None] = {}
    kinds: set[type] = set()
    for item in items:
        kinds.add(type(item))
        if hasattr(item, "symbol") and not isinstance(item, ExternalSignal):
            symbols[item.symbol] = None
    if kinds == {ExternalSignal}:
        return DataTier.ORDERS, (), False  # They go with data of any tier.
    has_trades = bool(kinds & {Trade, VenueTrade})
    if kinds & {BookSnapshot, BookUpdate, DepthDiff}:
        tier = DataTier.DEPTH
    elif kinds & {Quote, VenueQuote}:
        tier = DataTier.QUOTES
    else:
        tier = DataTier.TRADES if has_trades and Bar not in kinds else DataTier.BARS
    return tier, tuple(symbols), has_trades
