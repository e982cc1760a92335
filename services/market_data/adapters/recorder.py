"""Writes recordings: messages of the bus, or a venue's raw frames and REST replies, to JSON Lines, plain or gzip."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self, cast

from common.clock import monotonic_ns
from common.messages import AnyMessage
from services.market_data.adapters.recording_lines import (
    RecordedFrame,
    RecordedReply,
    line_of,
    line_of_frame,
    line_of_reply,
)
from services.market_data.adapters.recordings import RecordingError

FLUSH_INTERVAL_NS = 1_000_000_000
"""At most so much time of a live recording is lost when the machine dies."""
GZIP_LEVEL = 6


class Recorder:
    """One file being written; `.gz` at the end of its name packs it. An existing file is never written over.

    What was flushed can be read even if the file is never closed. RecordingError names the file whenever it cannot go on.
    """

    def __init__(self, path: Path, monotonic: Callable[[], int] = monotonic_ns) -> None:
        self.path = path
        self.lines = 0
        self._monotonic = monotonic
        self._flushed_ns = monotonic()
        try:
            self._raw: IO[bytes] = path.open("xb")
        except OSError as error:
            raise RecordingError(f"{path}: expected a new file to write to: {error.strerror}") from error
        self._file: IO[bytes] = self._raw
        if path.suffix == ".gz":
            self._file = cast(IO[bytes], gzip.GzipFile("", "wb", GZIP_LEVEL, self._raw, mtime=0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def message(self, message: AnyMessage) -> None:
        """Write a message of the bus."""
        self._write(line_of(message))

    def frame(self, frame: RecordedFrame) -> None:
        """Write a venue's raw frame."""
        self._write(line_of_frame(frame))

    def reply(self, reply: RecordedReply) -> None:
        """Write a REST reply of a venue."""
        self._write(line_of_reply(reply))

    def flush(self) -> None:
        """Hand everything written so far to the operating system."""
        self._flushed_ns = self._monotonic()
        try:
            self._file.flush()
            self._raw.flush()
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Finish the file; calling it again does nothing."""
        try:
            self._file.close()
            self._raw.close()
        except OSError as error:
            raise self._failed(error) from error

    def _write(self, line: bytes) -> None:
        try:
            self._file.write(line + b"\n")
        except OSError as error:
            raise self._failed(error) from error
        self.lines += 1
        if self._monotonic() - self._flushed_ns >= FLUSH_INTERVAL_NS:
            self.flush()

    def _failed(self, error: OSError) -> RecordingError:
        return RecordingError(f"{self.path}: cannot be written after line {self.lines}: {error.strerror or error}")
