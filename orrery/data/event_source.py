"""The events of several files as one stream of market data, in the order of their times, through market-data cores.

How it works: frames that name the same symbols go on from file to file through one core, as one connection would; rows
and messages of all files go through another core together, merged by time. What the cores publish is merged by time
again; of one time, what comes from an earlier file comes first.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain
from operator import itemgetter

from msgspec.structs import replace

from common.config.models import MarketDataSection
from common.messages import AnyMessage, ExternalSignal
from orrery.data.event_rows import event_rows
from orrery.data.kinds import Form, Held
from orrery.data.names import same_symbol, symbol_of_name
from orrery.data.options import ReadOptions
from orrery.data.recording_inputs import RecordingInputs
from orrery.data.sheets import Content
from orrery.data.single_orders import order_messages
from services.backtest.market_feed import market_messages
from services.backtest.on_bad import OnBad
from services.backtest.result import DataTier, Provenance
from services.market_data.adapters.recordings import BadLine
from services.market_data.core.inputs import CoreInput, SourceRequest
from services.market_data.core.recorded import RecordedCore
from services.market_data.core.source import FeedCore

type Timed = tuple[int, AnyMessage]
type TimedInput = tuple[int, CoreInput]
_TIME = itemgetter(0)


class EventFile:
    """One file's inputs, counted while they are read."""

    def __init__(self, held: Held, symbols: Sequence[str], options: ReadOptions) -> None:
        """symbols: those that are wanted of a recording. Raises DataFileError for a file that cannot be read."""
        self.held = held
        self._options = options
        self._rows = event_rows(held.path, options) if held.form is Form.SHEET else None
        self._notes = () if self._rows is None else self._rows.notes
        if self._rows is not None:
            self.symbols: tuple[str, ...] = (self._rows.symbol,)
        elif held.form is Form.ORDERS:
            self.symbols = (options.symbol or symbol_of_name(held.path),)
        else:
            self.symbols = tuple(symbols)
        self.first_ns = self.last_ns = self.rows = 0
        bad_line = BadLine.RAISE if options.on_bad is OnBad.ERROR else BadLine.SKIP
        is_recording = held.form in {Form.FRAMES, Form.MESSAGES}
        self.recording = RecordingInputs(held.path, bad_line=bad_line) if is_recording else None

    def anew(self) -> "EventFile":
        """Return the file as before its first input was read."""
        return EventFile(self.held, self.symbols, self._options)

    @property
    def usual_gap_ns(self) -> int:
        """Return how far apart most of its rows are, 0 for a recording."""
        return 0 if self._rows is None else self._rows.usual_gap_ns

    def inputs(self) -> Iterator[TimedInput]:
        """Yield (time, input); DataFileError where the file cannot be read further."""
        for at_ns, given in self._read():
            self.first_ns = self.first_ns or at_ns
            self.last_ns = max(self.last_ns, at_ns)
            self.rows += 1
            yield at_ns, given

    def _read(self) -> Iterable[TimedInput]:
        if self._rows is not None:
            return ((message.received_ns, message) for message in self._rows.messages())
        if self.recording is not None:
            return self.recording
        found = order_messages(self.held.path, self.symbols[0], Content(self.held.path).data)
        return ((message.received_ns, message) for message in found)

    def provenance(self, timeframe: str) -> Provenance:
        """Return where its data came from, as far as it was read."""
        skipped = self.recording.skipped if self.recording is not None else 0
        notes = (
            *self._notes,
            *((f"{skipped} lines that cannot be read or show no two-sided market: dropped",) if skipped else ()),
        )
        return Provenance(
            file=self.held.path.name,
            sha256=self.held.sha256,
            symbol=", ".join(self.symbols),
            timeframe=timeframe,
            start_ns=self.first_ns,
            end_ns=self.last_ns,
            rows=self.rows,
            notes=notes,
        )


class EventSource:
    """Files of events. section: how market data is judged; required: (symbol, timeframe) of the bars to build."""

    def __init__(
        self, files: Sequence[EventFile], section: MarketDataSection, required: Sequence[tuple[str, str]]
    ) -> None:
        self.files, self.section, self.required = files, section, required
        self._cores: list[tuple[FeedCore, Sequence[str]]] = []

    def require(self, bars: Sequence[tuple[str, str]]) -> None:
        """Build more bars from now on; ValueError for a symbol that no file is of."""
        for symbol, timeframe in bars:
            cores = [core for core, symbols in self._cores if symbol in symbols]
            if not cores:
                found = ", ".join(dict.fromkeys(symbol for each in self.files for symbol in each.symbols))
                raise ValueError(f"bars of {symbol}: expected a symbol of the data ({found})")
            for core in cores:
                core.require_bars(symbol, timeframe)

    def _follow(self, core: FeedCore, symbols: Sequence[str]) -> None:
        self._cores.append((core, symbols))
        for symbol, timeframe in self.required:
            if symbol in symbols:
                core.require_bars(symbol, timeframe)

    def anew(self) -> "EventSource":
        """Return the source as before its first event was read."""
        return EventSource([each.anew() for each in self.files], self.section, self.required)

    def events(self) -> Iterator[Timed]:
        """Yield (time, market data), in order."""
        framed = [each for each in self.files if each.held.form is Form.FRAMES]
        others = [each for each in self.files if each.held.form is not Form.FRAMES]
        streams = [self._of_frames(group) for group in _continued(framed)]
        if others:
            streams.append(self._of_messages(others))
        return streams[0] if len(streams) == 1 else merge(*streams, key=_TIME)

    def _of_frames(self, files: Sequence[EventFile]) -> Iterator[Timed]:
        symbols = list(dict.fromkeys(symbol for each in files for symbol in each.symbols))
        recordings = [each.recording for each in files if each.recording is not None]
        for recording in recordings[1:]:
            recording.continues = True
        has_depth = any(each.held.tier is DataTier.DEPTH for each in files)
        # A symbol is live only with a good book, where its depth is followed: here it is, if it was recorded.
        streams = [name for name in self.section.streams if has_depth or not name.startswith("depth")]
        section = self.section.model_copy(update={"symbols": symbols, "streams": streams or ["bookTicker"]})
        core = recordings[0].core(section, symbols)
        self._follow(core, symbols)

        def ask(request: SourceRequest, now_ns: int) -> Sequence[CoreInput]:
            answers: Sequence[CoreInput] = ()
            for recording in recordings:
                answers = answers or recording.ask(request, now_ns)
            return answers

        return market_messages(core, chain.from_iterable(each.inputs() for each in files), ask)

    def _of_messages(self, files: Sequence[EventFile]) -> Iterator[Timed]:
        symbols = list(dict.fromkeys(symbol for each in files for symbol in each.symbols))
        core = RecordedCore(self.section.model_copy(update={"symbols": symbols}), symbols)
        self._follow(core, symbols)
        inputs = merge(*(each.inputs() for each in files), key=_TIME)
        return market_messages(core, _renamed(inputs, symbols), _asks_nothing)


def _continued(files: Sequence[EventFile]) -> list[list[EventFile]]:
    """Return the files in groups that follow the same symbols."""
    groups: dict[tuple[str, ...], list[EventFile]] = {}
    for each in files:
        groups.setdefault(tuple(sorted(each.symbols)), []).append(each)
    return list(groups.values())


def _renamed(inputs: Iterable[TimedInput], symbols: Sequence[str]) -> Iterator[TimedInput]:
    """Yield the inputs, those of a wanted symbol under its wanted name, and those of no other."""
    names: dict[str, str] = {symbol: symbol for symbol in symbols}
    for at_ns, given in inputs:
        if isinstance(given, ExternalSignal):
            yield at_ns, given
            continue
        found = getattr(given, "symbol", None)
        if not isinstance(found, str):
            continue
        if found not in names:
            names[found] = next((symbol for symbol in symbols if same_symbol(symbol, found)), "")
        if names[found] == found:
            yield at_ns, given
        elif names[found]:
            yield at_ns, replace(given, symbol=names[found])


def _asks_nothing(request: SourceRequest, now_ns: int) -> Sequence[CoreInput]:
    raise AssertionError(f"recorded messages ask for nothing, found {request} at {now_ns}")
