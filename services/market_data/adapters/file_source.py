"""A recording as a source: raw frames for a venue's core, or messages, at the recorded pace, faster, or at full speed."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from common.clock import Clock, monotonic_ns
from common.messages import AnyMessage
from services.market_data.adapters.recorded_rest import RecordedRest
from services.market_data.adapters.recording_lines import RecordedFrame, Shape
from services.market_data.adapters.recordings import (
    BadLine,
    Recording,
    RecordingError,
    frames,
    messages,
    replies,
    rest_beside,
    shape_of_file,
)
from services.market_data.core.inputs import (
    Connected,
    CoreInput,
    DepthRequest,
    Disconnected,
    Reconnect,
    SourceRequest,
    VenueFrame,
)

MAX_INPUTS_PER_CALL = 64
"""Inputs given in one turn of the loop, so that at full speed its sockets and timers, and the
core's requests, still get theirs."""
MAX_SKIPS_PER_CALL = 8_192
"""Items before `start_ns` that are passed over in one turn of the loop."""
_AT_ONCE = 0

type _Timed = tuple[int, CoreInput]


@dataclass(frozen=True, slots=True)
class FileSettings:
    """What is replayed and how. Times are received times of the recording, nanoseconds UTC."""

    path: Path
    rest_path: Path | None = None
    """REST replies for raw frames; the file beside it that belongs to it, if None."""
    speed: float = 0.0
    """1 is the recorded pace, 2 twice as fast, 0 as fast as the loop takes it."""
    start_ns: int = 0
    """What was received before is passed over."""
    bad_line: BadLine = BadLine.SKIP


class FileSource:
    """One recording, once; see `PollableSource`. At its end, or where it cannot be read further, comes `Disconnected`.

    A raw frame keeps its recorded received time. `error` is the reason if the recording ended before its end.
    """

    def __init__(self, settings: FileSettings, clock: Clock, monotonic: Callable[[], int] = monotonic_ns) -> None:
        """Open the recording; RecordingError if it cannot be read or holds nothing that can be replayed."""
        self._settings = settings
        self._monotonic = monotonic
        self.shape = shape_of_file(settings.path)
        if self.shape is Shape.REPLIES:
            raise RecordingError(f"{settings.path}: expected raw frames or messages, found {self.shape.value}")
        self._recording = (frames if self.shape is Shape.FRAMES else messages)(settings.path, settings.bad_line)
        self._rest = _rest(settings) if self.shape is Shape.FRAMES else RecordedRest(())
        self._items = _timed(self._recording, clock)
        self._next: _Timed | None = None
        self._told: list[CoreInput] = []
        self._connections = 0
        self._position_ns = 0
        self._pace: tuple[int, int] | None = None
        self.delivered = 0
        self.finished = False
        self.error: str | None = None

    @property
    def name(self) -> str:
        """Return `file`, as in the configuration."""
        return "file"

    def filenos(self) -> Sequence[int]:
        """Return nothing: a file is always readable; `next_deadline_ns` sets the pace."""
        return ()

    def next_deadline_ns(self) -> int | None:
        """Return the monotonic time at which the next input is due; 0 is at once, None before `connect` and at the end."""
        if self._told:
            return _AT_ONCE
        if self.finished or not self._connections:
            return None
        return _AT_ONCE if self._next is None else self._due_ns(self._next[0])

    def connect(self) -> None:
        """Begin."""
        if not self._connections:
            self._connections = 1
            self._told.append(Connected(1))

    def subscribe(self, symbols: Sequence[str]) -> None:
        """Do nothing: a recording holds what it holds, and its reader takes what it follows."""

    def unsubscribe(self, symbols: Sequence[str]) -> None:
        """Do nothing, as in `subscribe`."""

    def stream(self) -> Sequence[CoreInput]:
        """Return what is due, oldest first, at most MAX_INPUTS_PER_CALL or so.

        What was told comes alone: the core's requests that follow from it are known before the recording goes on.
        """
        inputs, self._told = self._told, []
        if inputs or not self._connections or self.finished:
            return inputs
        now_ns = self._monotonic()
        skips = 0
        while len(inputs) < MAX_INPUTS_PER_CALL and skips < MAX_SKIPS_PER_CALL:
            if self._next is None and not self._advance():
                inputs.append(self._end())
                break
            assert self._next is not None, "advanced"
            at_ns, given = self._next
            if at_ns < self._settings.start_ns:
                skips += 1
                self._pass(at_ns, given)
                continue
            if self._due_ns(at_ns) > now_ns:
                break
            inputs += self._rest.due(at_ns)
            inputs.append(given)
            self.delivered += 1
            self._pass(at_ns, given)
        return inputs

    def ask(self, request: SourceRequest) -> None:
        """Answer from the recorded REST replies; a reconnection is told and changes nothing."""
        match request:
            case DepthRequest():
                self._told += self._rest.ask(request, self._position_ns)
            case Reconnect():
                self._connections += 1
                self._told += [Disconnected(request.reason), Connected(self._connections)]
            case _:
                assert_never(request)

    def disconnect(self) -> None:
        """Let go of the file; `stream` gives nothing after it."""
        self.finished = True
        self._told = []
        self._items.close()

    def counters(self) -> dict[str, int]:
        """Return what was counted since the source was made."""
        recording = self._recording
        return {"delivered": self.delivered, "lines": recording.lines, "lines_skipped": recording.skipped}

    def _advance(self) -> bool:
        try:
            self._next = next(self._items, None)
        except RecordingError as error:
            self.error = str(error)
        return self._next is not None

    def _pass(self, at_ns: int, given: CoreInput) -> None:
        self._position_ns = max(self._position_ns, at_ns)
        self._next = None
        if isinstance(given, VenueFrame):
            self._rest.see(given.payload)

    def _due_ns(self, at_ns: int) -> int:
        if not self._settings.speed:
            return _AT_ONCE
        if self._pace is None:
            self._pace = (at_ns, self._monotonic())
        first_ns, began_ns = self._pace
        return began_ns + int((at_ns - first_ns) / self._settings.speed)

    def _end(self) -> Disconnected:
        self.finished = True
        recording = self._recording
        told = f"the recording ended after {recording.lines} lines, {recording.skipped} of them skipped"
        return Disconnected(self.error or told)


def _timed(recording: Recording[RecordedFrame] | Recording[AnyMessage], clock: Clock) -> Generator[_Timed]:
    """Give every item the time it was received; one without gets that of the item before."""
    at_ns = 0
    for item in recording:
        if isinstance(item, RecordedFrame):
            at_ns = item.ts_ns or at_ns or clock.now_ns()
            yield at_ns, VenueFrame(item.payload, at_ns)
        else:
            yield item.received_ns, item


def _rest(settings: FileSettings) -> RecordedRest:
    path = settings.rest_path or rest_beside(settings.path)
    try:
        return RecordedRest(replies(path) if path else ())
    except ValueError as error:
        raise RecordingError(f"{path}: {error}") from error
