"""A source that also writes down what it brings, raw: the files can be replayed and served again by a stand-in."""

from collections.abc import Sequence
from pathlib import Path
from typing import override

from services.market_data.adapters.pollable import PollableSource
from services.market_data.adapters.recorder import Recorder
from services.market_data.adapters.recording_lines import RecordedFrame, RecordedReply
from services.market_data.adapters.recordings import RecordingError
from services.market_data.core.inputs import Connected, CoreInput, DepthReply, SourceRequest, VenueFrame


class RecordingSource(PollableSource):
    """Another source, recorded to `<prefix>_ws.jsonl.gz` and `<prefix>_depth_rest.jsonl.gz`.

    A disk that takes no more ends the recording, not the feed: `error` then says why.
    """

    def __init__(self, source: PollableSource, prefix: Path) -> None:
        """Make the files; RecordingError if they exist or cannot be made."""
        self._source = source
        self._frames = Recorder(prefix.with_name(f"{prefix.name}_ws.jsonl.gz"))
        self._replies = Recorder(prefix.with_name(f"{prefix.name}_depth_rest.jsonl.gz"))
        self._connection = 0
        self.error: str | None = None

    @property
    @override
    def name(self) -> str:
        return self._source.name

    @override
    def filenos(self) -> Sequence[int]:
        return self._source.filenos()

    @override
    def next_deadline_ns(self) -> int | None:
        return self._source.next_deadline_ns()

    @override
    def connect(self) -> None:
        self._source.connect()

    @override
    def subscribe(self, symbols: Sequence[str]) -> None:
        self._source.subscribe(symbols)

    @override
    def unsubscribe(self, symbols: Sequence[str]) -> None:
        self._source.unsubscribe(symbols)

    @override
    def stream(self) -> Sequence[CoreInput]:
        inputs = self._source.stream()
        if self.error is None:
            try:
                for given in inputs:
                    self._record(given)
            except RecordingError as error:
                self.error = str(error)
        return inputs

    @override
    def ask(self, request: SourceRequest) -> None:
        self._source.ask(request)

    @override
    def disconnect(self) -> None:
        self._source.disconnect()
        try:
            self._frames.close()
            self._replies.close()
        except RecordingError as error:
            self.error = self.error or str(error)

    @override
    def counters(self) -> dict[str, int]:
        return {**self._source.counters(), "recorded": self._frames.lines + self._replies.lines}

    def _record(self, given: CoreInput) -> None:
        match given:
            case VenueFrame():
                self._frames.frame(RecordedFrame(given.received_ns, self._connection, given.payload))
            case DepthReply():
                url = f"/api/v3/depth?symbol={given.symbol}"
                self._replies.reply(RecordedReply(given.received_ns, "GET", url, given.payload))
            case Connected():
                self._connection = given.connection
            case _:
                return
