"""The inputs of a recording for a market-data core, with errors that name the file as those of all data files do."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from common.config.models import MarketDataSection
from orrery.data.errors import DataFileError
from services.market_data.adapters.recorded_inputs import RecordedInputs
from services.market_data.adapters.recordings import BadLine, RecordingError
from services.market_data.core.inputs import CoreInput, SourceRequest
from services.market_data.core.source import FeedCore


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
            self._inputs = RecordedInputs(path, rest_path, bad_line)
        except RecordingError as error:
            raise self._named(error) from error
        self.shape = self._inputs.shape
        self.continues = False

    @property
    def skipped(self) -> int:
        """Return how many lines could not be read."""
        return self._inputs.skipped

    def core(self, section: MarketDataSection, symbols: Sequence[str]) -> FeedCore:
        """Return the market-data core that reads such a recording."""
        return self._inputs.core(section, symbols)

    def __iter__(self) -> Iterator[tuple[int, CoreInput]]:
        """Yield (time received, input); DataFileError where the recording cannot be read further."""
        self._inputs.continues = self.continues
        try:
            for received_ns, given, _ in self._inputs:
                yield received_ns, given
        except RecordingError as error:
            raise self._named(error) from error

    def ask(self, request: SourceRequest, now_ns: int) -> Sequence[CoreInput]:
        """Return what comes at once of a core's request: a book that is there already, or a new connection."""
        return self._inputs.ask(request, now_ns)

    def _named(self, error: RecordingError) -> DataFileError:
        return DataFileError(self.path, "", str(error).removeprefix(f"{self.path}: "))
