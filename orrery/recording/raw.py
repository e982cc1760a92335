"""Records a venue's own frames, and its books by REST, as `orrery stand-in` serves them and `orrery replay` plays them."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from common.clock import WallClock, monotonic_ns
from common.config.models import MarketDataSection
from common.runner import EventLoop
from orrery.recording.stream import end_by_signal
from services.market_data.adapters.recorder import Recorder
from services.market_data.adapters.recording_lines import RecordedFrame, RecordedReply
from services.market_data.adapters.venue_source import VenueSettings, VenueSource
from services.market_data.core.inputs import (
    Connected,
    CoreInput,
    DepthFailed,
    DepthReply,
    DepthRequest,
    Disconnected,
    VenueFrame,
)
from services.market_data.core.venues import load

NS_PER_SECOND = 1_000_000_000
DEPTH_LIMIT = 1_000
_TURN_MS = 100


def rest_path(path: Path) -> Path:
    """Return the file of REST replies that belongs to a file of frames; ValueError if its name is another."""
    prefix, ending, suffix = path.name.partition("_ws.jsonl")
    if not ending or suffix not in {"", ".gz"}:
        raise ValueError(
            f"{path}: expected a name that ends in _ws.jsonl or _ws.jsonl.gz, for the REST replies go beside it"
        )
    return path.with_name(f"{prefix}_depth_rest.jsonl{suffix}")


class RawRecorder:
    """Writes a venue's frames and books until a signal, or for `duration_s` from the connection."""

    def __init__(
        self, section: MarketDataSection, symbols: Sequence[str], path: Path, duration_s: float | None
    ) -> None:
        """Open the files; RecordingError if one exists, ValueError if the venue or the file's name is none."""
        self._clock = WallClock()
        self._venue = load(section.exchange)
        self._base = section.rest_url or self._venue.rest_base(section.websocket_url)
        self._symbols = list(symbols)
        settings = VenueSettings(section.exchange, section.websocket_url, section.rest_url, tuple(section.streams))
        self._source = VenueSource(settings, symbols, self._clock)
        self._loop = EventLoop()
        end_by_signal(self._loop)
        self._frames, self._replies = Recorder(path), Recorder(rest_path(path))
        self._duration_ns = None if duration_s is None else round(duration_s * NS_PER_SECOND)
        self._until_ns: int | None = None
        self._connection = 0
        self.problems: list[str] = []

    def run(self) -> tuple[int, int]:
        """Record; return how many frames and replies. The files are whole when this returns."""
        for descriptor in self._source.filenos():
            self._loop.add_reader(descriptor, self._take)
        self._loop.when_due(self._source.next_deadline_ns, self._take)
        with ExitStack() as files:
            files.enter_context(self._frames)
            files.enter_context(self._replies)
            self._source.connect()
            while not self._loop.stopping and not self._is_over():
                self._loop.turn(_TURN_MS)
            self._take()
            self._source.disconnect()
        self._loop.close()
        return self._frames.lines, self._replies.lines

    def _take(self) -> None:
        for given in self._source.stream():
            self._write(given)

    def _write(self, given: CoreInput) -> None:
        match given:
            case VenueFrame():
                self._frames.frame(RecordedFrame(given.received_ns, self._connection, given.payload))
            case DepthReply():
                url = self._venue.depth_url(self._base, given.symbol, DEPTH_LIMIT)
                self._replies.reply(RecordedReply(given.received_ns, "GET", url, given.payload))
            case Connected():
                self._connected(given.connection)
            case Disconnected():
                self.problems.append(f"disconnected: {given.reason}")
            case DepthFailed():
                self.problems.append(f"book of {given.symbol}: {given.error}")
            case _:
                raise AssertionError(f"a venue's source gives no {type(given).__name__}")

    def _connected(self, connection: int) -> None:
        self._connection = connection
        if self._until_ns is None and self._duration_ns is not None:
            self._until_ns = monotonic_ns() + self._duration_ns
        for symbol in self._symbols:
            self._source.ask(DepthRequest(symbol, DEPTH_LIMIT))

    def _is_over(self) -> bool:
        return self._until_ns is not None and monotonic_ns() >= self._until_ns
