"""The inputs of a recording for a market-data core, each with the time at which it was received.

How it works: what `FileSource` gives in portions, this gives item by item, so that what a core asks for is answered before
the recording goes on. A book is there from the moment at which the recorder got it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, assert_never

from common.config.models import MarketDataSection
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


class Given(NamedTuple):
    """An input and when it was received, nanoseconds UTC. is_item: it is a line of the recording, not what goes with one."""

    received_ns: int
    given: CoreInput
    is_item: bool


class RecordedInputs:
    """A recording's inputs, once through; give `ask` the core's requests meanwhile.

    shape: what the file holds. skipped: lines that could not be read, under BadLine.SKIP. continues: set it where the
    connection of the recording before this one goes on.
    """

    def __init__(self, path: Path, rest_path: Path | None = None, bad_line: BadLine = BadLine.SKIP) -> None:
        """Open a recording; rest_path: the file of REST replies, the one beside it if None.

        Raises:
            RecordingError: it cannot be read, or holds nothing that a core takes.
        """
        self._path, self._bad_line = path, bad_line
        self.shape = shape_of_file(path)
        if self.shape is Shape.REPLIES:
            raise RecordingError(f"{path}: expected raw frames or messages, found {self.shape.value}")
        beside = (rest_path or rest_beside(path)) if self.shape is Shape.FRAMES else None
        try:
            self._rest = RecordedRest(replies(beside) if beside else ())
        except ValueError as error:
            raise RecordingError(f"{beside}: {error}") from error
        self._now_ns = 0
        self._connections = 1
        self.skipped = 0
        self.continues = False

    def core(self, section: MarketDataSection, symbols: Sequence[str]) -> FeedCore:
        """Return the market-data core that reads such a recording."""
        if self.shape is Shape.FRAMES:
            return MarketDataCore(section, symbols, load(section.exchange))
        return RecordedCore(section, symbols)

    def __iter__(self) -> Iterator[Given]:
        """Yield the inputs; RecordingError where the recording cannot be read further."""
        return self._frames() if self.shape is Shape.FRAMES else self._messages()

    def _frames(self) -> Iterator[Given]:
        recording = frames(self._path, self._bad_line)
        for frame in recording:
            at_ns = max(frame.ts_ns or 0, self._now_ns, FIRST_NS)
            if not self._now_ns and not self.continues:
                yield Given(at_ns, Connected(1), is_item=False)
            self._now_ns = at_ns
            for answer in self._rest.due(at_ns):
                yield Given(at_ns, answer, is_item=False)
            yield Given(at_ns, VenueFrame(frame.payload, at_ns), is_item=True)
            self._rest.see(frame.payload)
        self.skipped = recording.skipped

    def _messages(self) -> Iterator[Given]:
        recording = messages(self._path, self._bad_line)
        for message in recording:
            self._now_ns = max(self._now_ns, message.received_ns)
            yield Given(self._now_ns, message, is_item=True)
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
