"""Recordings read from disk, line by line: JSON Lines, plain or gzip, of any length, in constant memory."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import IO, cast

from common.messages import AnyMessage
from services.market_data.adapters.recording_lines import (
    LineError,
    OneSidedError,
    RecordedFrame,
    RecordedReply,
    Shape,
    frame_of,
    messages_of,
    reply_of,
    shape_of,
)

MAX_LINE_BYTES = 67_108_864
"""Longest line that is read; a REST body with every symbol of a venue takes a quarter of it."""
MAX_REMEMBERED_ERRORS = 10
_GZIP_MAGIC = b"\x1f\x8b"


class RecordingError(Exception):
    """A recording cannot be read or written; the text names file, line, what was expected and what was found."""


class BadLine(Enum):
    """What to do with a line that cannot be read."""

    RAISE = "raise"
    SKIP = "skip"
    """Go on and count it."""


class Recording[Item]:
    """The items of one file, in order, each read when it is asked for; iterating anew starts anew.

    `lines` counts what was read, `skipped` what could not be, or is no two-sided market, which never ends a recording;
    `errors` keeps the first few reasons.
    """

    def __init__(
        self, path: Path, decode: Callable[[bytes, int], Sequence[Item]], bad_line: BadLine = BadLine.RAISE
    ) -> None:
        self.path = path
        self._decode = decode
        self._bad_line = bad_line
        self.lines = 0
        self.skipped = 0
        self.errors: list[str] = []

    def __iter__(self) -> Iterator[Item]:
        self.lines, self.skipped, self.errors = 0, 0, []
        for number, line in numbered_lines(self.path):
            self.lines = number
            try:
                items = self._decode(line, number)
            except LineError as error:
                self._bad(f"{self.path}: line {number}: {error}", error)
                continue
            yield from items

    def _bad(self, text: str, error: LineError) -> None:
        if self._bad_line is BadLine.RAISE and not isinstance(error, OneSidedError):
            raise RecordingError(text) from error
        self.skipped += 1
        if len(self.errors) < MAX_REMEMBERED_ERRORS:
            self.errors.append(text)


def shape_of_file(path: Path) -> Shape:
    """Return what the lines of a file hold, by its first non-empty line; RecordingError if it has none or is unknown."""
    for number, line in numbered_lines(path):
        try:
            return shape_of(line)
        except LineError as error:
            raise RecordingError(f"{path}: line {number}: {error}") from error
    raise RecordingError(f"{path}: expected lines of JSON, found none")


def frames(path: Path, bad_line: BadLine = BadLine.RAISE) -> Recording[RecordedFrame]:
    """Return the raw frames of a file."""
    return Recording(path, lambda line, number: (frame_of(line, number),), bad_line)


def replies(path: Path, bad_line: BadLine = BadLine.RAISE) -> Recording[RecordedReply]:
    """Return the REST replies of a file."""
    return Recording(path, lambda line, number: (reply_of(line, number),), bad_line)


def messages(path: Path, bad_line: BadLine = BadLine.RAISE) -> Recording[AnyMessage]:
    """Return the messages of a file: Orrery's own, or the market-data shape."""
    return Recording(path, messages_of, bad_line)


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, line) of the non-empty lines; what can be read of a damaged file comes before the error."""
    number = 0
    try:
        with path.open("rb") as raw, _unpacked(raw) as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise RecordingError(f"{path}: line {number}: expected at most {MAX_LINE_BYTES} bytes")
                if not line.isspace():
                    yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RecordingError(
            f"{path}: expected a whole gzip file, found it cut off or damaged after line {number}: {error}"
        ) from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    """Return the file itself or what it packs, by its first bytes: a name may say anything."""
    packed = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    raw.seek(0)
    return cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw


def rest_beside(path: Path) -> Path | None:
    """Return the file of REST replies that belongs to `<prefix>_ws.jsonl[.gz]`: `<prefix>_depth_rest.jsonl[.gz]`, if there."""
    prefix, ending, _ = path.name.partition("_ws.jsonl")
    if not ending:
        return None
    candidates = (path.with_name(f"{prefix}_depth_rest.jsonl{suffix}") for suffix in (".gz", ""))
    return next((candidate for candidate in candidates if candidate.is_file()), None)
