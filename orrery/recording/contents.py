"""What a recording is about, by its beginning: its symbols, and what bars can be built from."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from common.config.models import Config
from common.messages import AnyMessage, Bar, BarSource, Quote, Trade
from services.market_data.adapters.recording_lines import Shape
from services.market_data.adapters.recordings import BadLine, RecordingError, frames, messages, shape_of_file
from services.market_data.core.events import DepthDiff, VenueEvent, VenueQuote, VenueTrade
from services.market_data.core.venues import load, names

LOOKED_AT = 5_000
"""Lines looked at."""


class Contents(NamedTuple):
    """What a recording holds. symbols: in the order they appear.

    quotes_alone: there are quotes, or books whose best levels become quotes, and neither trades nor bars made of them.
    """

    symbols: list[str]
    quotes_alone: bool


def contents_of(path: Path, config: Config) -> Contents:
    """Return what the first LOOKED_AT lines hold.

    Raises:
        RecordingError: the file cannot be read, or names no symbol at its beginning.
    """
    shape = shape_of_file(path)
    if shape is Shape.REPLIES:
        raise RecordingError(f"{path}: expected raw frames or messages, found {shape.value}")
    found = _of_frames(path, config.market_data.exchange) if shape is Shape.FRAMES else _of_messages(path)
    if not found.symbols:
        raise RecordingError(f"{path}: expected market data, found no symbol in its first {LOOKED_AT} lines")
    return found


def _of_frames(path: Path, exchange: str) -> Contents:
    if exchange not in names():
        raise RecordingError(
            f"{path}: raw frames of {exchange!r}: expected market_data.exchange to be one of {names()}"
        )
    venue = load(exchange)
    read = islice(frames(path, BadLine.SKIP), LOOKED_AT)
    return _contents(event for frame in read for event in venue.decode(frame.payload))


def _of_messages(path: Path) -> Contents:
    return _contents(islice(messages(path, BadLine.SKIP), LOOKED_AT))


def _contents(items: Iterable[AnyMessage | VenueEvent]) -> Contents:
    symbols: dict[str, None] = {}
    quotes = prints = False
    for item in items:
        if hasattr(item, "symbol"):
            symbols[item.symbol] = None
        quotes |= isinstance(item, Quote | VenueQuote | DepthDiff)
        prints |= isinstance(item, Trade | VenueTrade) or _was_built(item)
    return Contents(list(symbols), quotes and not prints)


def _was_built(item: AnyMessage | VenueEvent) -> bool:
    """Return whether an item is a bar that a feed has built: it is published again where there is nothing to build from."""
    return isinstance(item, Bar) and item.source is not BarSource.VENUE
