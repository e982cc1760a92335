"""Which symbols a recording is about, by its beginning."""

from itertools import islice
from pathlib import Path

from common.config.models import Config
from services.market_data.adapters.recording_lines import Shape
from services.market_data.adapters.recordings import BadLine, RecordingError, frames, messages, shape_of_file
from services.market_data.core.venues import load, names

LOOKED_AT = 5_000
"""Lines looked at."""


def symbols_of(path: Path, config: Config) -> list[str]:
    """Return the symbols in the order they appear.

    Raises:
        RecordingError: the file cannot be read, or names no symbol at its beginning.
    """
    shape = shape_of_file(path)
    if shape is Shape.REPLIES:
        raise RecordingError(f"{path}: expected raw frames or messages, found {shape.value}")
    found = _of_frames(path, config.market_data.exchange) if shape is Shape.FRAMES else _of_messages(path)
    if not found:
        raise RecordingError(f"{path}: expected market data, found no symbol in its first {LOOKED_AT} lines")
    return found


def _of_frames(path: Path, exchange: str) -> list[str]:
    if exchange not in names():
        raise RecordingError(
            f"{path}: raw frames of {exchange!r}: expected market_data.exchange to be one of {names()}"
        )
    venue = load(exchange)
    events = (event for frame in islice(frames(path, BadLine.SKIP), LOOKED_AT) for event in venue.decode(frame.payload))
    return list(dict.fromkeys(event.symbol for event in events if hasattr(event, "symbol")))


def _of_messages(path: Path) -> list[str]:
    found = islice(messages(path, BadLine.SKIP), LOOKED_AT)
    return list(dict.fromkeys(message.symbol for message in found if hasattr(message, "symbol")))
