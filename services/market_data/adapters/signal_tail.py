"""Signals from outside in a growing file: JSON Lines, one signal a line, each given when its time has come.

How it works: what was written since the last look is read, whole lines only. A line of a later time waits, with all that
stand behind it, until that time. A file that became shorter was written anew and is read from its beginning. Of what stood
there at the first look only the latest of each name and symbol is given.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path

from common.messages import ExternalSignal
from services.market_data.adapters.recording_lines import LineError, signal_of

MAX_BYTES_PER_LOOK = 1_048_576
MAX_WAITING = 100_000
"""Signals of later times that are kept; while there are more, no more is read."""


class SignalTail:
    """One file; it may come later. `read`, `skipped`: lines taken, and lines that are no signals. error: the latest reason."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._part = b""
        self._waiting: deque[ExternalSignal] = deque()
        self._is_first = True
        self.read = self.skipped = 0
        self.error = ""

    def look(self, now_ns: int) -> Sequence[ExternalSignal]:
        """Return the signals that came, or whose time has come, since the last look; in the order of the file."""
        found, is_first = list[ExternalSignal](), self._is_first
        while len(self._waiting) < MAX_WAITING:
            data = self._more()
            if not data:
                break
            self._take(data)
            found += self._due(now_ns)
            if not is_first:
                break
        found += self._due(now_ns)
        self._is_first = self._is_first and not self._offset
        return list({(each.name, each.symbol): each for each in found}.values()) if is_first else found

    def _due(self, now_ns: int) -> list[ExternalSignal]:
        due: list[ExternalSignal] = []
        while self._waiting and self._waiting[0].event_ns <= now_ns:
            due.append(self._waiting.popleft())
        return due

    def _more(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._offset:
                    self._offset, self._part = 0, b""
                file.seek(self._offset)
                data = file.read(MAX_BYTES_PER_LOOK)
        except FileNotFoundError:
            return b""
        except OSError as error:
            self.error = f"{self._path}: cannot be read: {error.strerror or error}"
            return b""
        self._offset += len(data)
        return data

    def _take(self, data: bytes) -> None:
        *lines, self._part = (self._part + data).split(b"\n")
        if len(self._part) > MAX_BYTES_PER_LOOK:
            self._part = b""
            self.skipped += 1
        for line in lines:
            if not line.strip():
                continue
            try:
                self._waiting.append(signal_of(line))
                self.read += 1
            except LineError as error:
                self.skipped += 1
                self.error = f"{self._path}: {error}"
