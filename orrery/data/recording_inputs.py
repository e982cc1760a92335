"""The inputs of a recording for a market-data core, each with the time at which it was received.

How it works: what the running feed's file source gives in portions, this gives one by one, so that what a core asks for
is answered before the recording goes on. A book is there from the moment at which the recorder got it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import assert_never

from common.config.models import MarketDataSection
from orrery.data.errors import DataFileError
from services.market_data.adapters.recorded_rest import RecordedRest
from services.market_data.adapters.recording_lines import Shape
from services.market_data.adapters.recordings import (
    BadLine,
    RecordingError,
    frames,
    messages,
    replies,
    rest_beside,
    shape_of_file,
)
from services.market_data.core.feed import MarketDataCore
from services.market_data.core.inputs import (
    Connected,
    CoreInput,
    DepthRequest,
    Disconnected,
    Reconnect,
    SourceRequest,
    VenueFrame,
)
from services.market_data.core.recorded import RecordedCore
from services.market_data.core.source import FeedCore
from services.market_data.core.venues import load

FIRST_NS = 1
"""The time of frames before the first whose time was recorded."""


class RecordingInputs:
    """A recording's inputs; iterate once, and give `ask` the core's requests meanwhile.

    `shape` is what the file holds; `skipped` counts lines that could not be read, under BadLine.SKIP. `continues` says
    that the connection of the recording before this one goes on.
    """

    def __init__(self, path: Path, rest_path: Path | None = None, bad_line: BadLine = BadLine.RAISE) -> None:
        """Open a recording; rest_path: the file of REST replies, the one beside it if None.

        Raises:
            DataFileError: it cannot be read, or holds nothing that a core takes.
        """
        self.path = path
        try:
            self.shape = shape_of_file(path)
            self._rest = RecordedRest(())
            if self.shape is Shape.FRAMES:
                beside = rest_path or rest_beside(path)
                self._rest = RecordedRest(replies(beside) if beside else ())
        except (RecordingError, ValueError) as error:
            raise DataFileError(path, "", str(error).removeprefix(f"{path}: ")) from error
        if self.shape is Shape.REPLIES:
            raise DataFileError(path, "", f"expected raw frames or messages, found {self.shape.value}")
        self._bad_line = bad_line
        self._now_ns = 0
        self._connections = 1
        self.skipped = 0
        self.continues = False

    def core(self, section: MarketDataSection, symbols: Sequence[str]) -> FeedCore:
        """Return the market-data core that reads such a recording."""
        if self.shape is Shape.FRAMES:
            return MarketDataCore(section, symbols, load(section.exchange))
        return RecordedCore(section, symbols)

    def __iter__(self) -> Iterator[tuple[int, CoreInput]]:
        """Yield (time received, input); DataFileError where the recording cannot be read further."""
        try:
            if self.shape is Shape.FRAMES:
                yield from self._frames()
            else:
                yield from self._messages()
        except RecordingError as error:
            raise DataFileError(self.path, "", str(error).removeprefix(f"{self.path}: ")) from error

    def _frames(self) -> Iterator[tuple[int, CoreInput]]:
        recording, rest = frames(self.path, self._bad_line), self._rest
        for frame in recording:
            at_ns = max(frame.ts_ns or 0, self._now_ns, FIRST_NS)
            if not self._now_ns and not self.continues:
                yield at_ns, Connected(1)
            self._now_ns = at_ns
            for answer in rest.due(at_ns):
                yield at_ns, answer
            yield at_ns, VenueFrame(frame.payload, at_ns)
            rest.see(frame.payload)
        self.skipped = recording.skipped

    def _messages(self) -> Iterator[tuple[int, CoreInput]]:
        recording = messages(self.path, self._bad_line)
        for message in recording:
            self._now_ns = max(self._now_ns, message.received_ns)
            yield self._now_ns, message
        self.skipped = recording.skipped

    def ask(self, request: SourceRequest, now_ns: int) -> Sequence[CoreInput]:
        """Return what comes at once of a core's request: a book that is there already, or a new connection."""
        match request:
            case DepthRequest():
                return self._rest.ask(request, now_ns)
            case Reconnect():
                self._connections += 1
                return (Disconnected(request.reason), Connected(self._connections))
            case _:
                assert_never(request)
