"""Market data's shell: a source's inputs to the core, the core's messages to the bus, its requests to the source.

How it works: the loop polls the source's descriptors beside the bus, so a frame is read, judged and published in one
turn. The feed keeps no journal: what a venue said is asked for again after a restart. A recorded source may outrun its
readers, so it waits until all have joined and none lags.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from msgspec.structs import replace

from common.bus.commands import CommandError
from common.bus_service import BusService
from common.clock import Clock, monotonic_due
from common.config.models import Config
from common.logs import get_logger
from common.messages import AnyMessage, HealthState, MarketState
from common.routes import MARKET_DATA, hearers_of, topic_of
from common.runner import EventLoop
from services.market_data.adapters.pollable import PollableSource
from services.market_data.adapters.signal_tail import SignalTail
from services.market_data.adapters.stepping import RecordedSteps
from services.market_data.core.inputs import CoreInput, CoreOutput, DepthFailed, DepthRequest, Reconnect
from services.market_data.core.source import FeedCore

MAX_READER_LAG = 1_000
"""Messages of a topic that the slowest reader may be behind before a recorded source waits for it."""
LAG_CHECK_NS = 10_000_000
SIGNALS_LOOK_NS = 250_000_000
"""Time between two looks at the file of signals."""

_log = get_logger("market_data")


class Observer(Protocol):
    """The service's metrics."""

    def observe(self, seen: CoreInput | CoreOutput) -> None:
        """Count what went into or came out of the core."""
        ...


@runtime_checkable
class FiniteSource(Protocol):
    """A source that ends; `error` says why, if it ended before its end."""

    finished: bool
    error: str | None


class Parts(NamedTuple):
    """What the feed is wired from. source: None where the core makes its own data. steps: a recording in lock-step."""

    core: FeedCore
    source: PollableSource | None
    clock: Clock
    metrics: Observer
    paced_by_readers: bool = False
    steps: RecordedSteps | None = None
    signals: SignalTail | None = None


class ConductedFeed:
    """A recording that goes on when a conductor says so."""

    def __init__(self, steps: RecordedSteps, bus: BusService, metrics: Observer) -> None:
        self._steps, self._bus, self._metrics = steps, bus, metrics

    def next(self, arguments: dict[str, Any], _request_id: str) -> dict[str, Any]:
        """Publish what follows from the next `lines` of the recording.

        Returns for each line its messages, each [now_ns, topic, number], and whether the recording has ended.
        """
        steps, played = self._steps, list[list[tuple[int, str, int]]]()
        while not steps.finished and len(played) < int(arguments["lines"]):
            told = list(map(self._told, steps.next()))
            if told or not steps.finished:
                played.append(told)
        self._bus.touched()
        return {"played": played, "finished": steps.finished, "error": steps.error}

    def _told(self, timed: tuple[int, AnyMessage]) -> tuple[int, str, int]:
        now_ns, message = timed
        self._metrics.observe(message)
        self._bus.publisher.publish(message)
        topic = topic_of(message) or ""
        return now_ns, topic, self._bus.publisher.last_number(topic)


class MarketDataService:
    """A feed on the bus."""

    def __init__(self, loop: EventLoop, config: Config, parts: Parts) -> None:
        """Bind and connect; raises what `BusService` raises."""
        self.core, self.source, self._clock, self._metrics, paced, _, self._signals = parts
        self._loop = loop
        self._readers = hearers_of(MARKET_DATA) if paced else ()
        self._streaming = self._connected_once = self._live_once = self._end_told = False
        self.bus = BusService(loop, config, MARKET_DATA, ring_size=config.market_data.ring_size)
        self.bus.publisher.snapshot_of = self.core.topic_snapshot
        self.bus.assess, self.bus.details, self.bus.counters = self._assess, self._details, self._counters
        self.bus.commands.on("require_bars", self._require_bars)
        if parts.steps is not None:
            self.bus.commands.on("conduct.next", ConductedFeed(parts.steps, self.bus, self._metrics).next)
            return
        if self._signals is not None:
            loop.every(SIGNALS_LOOK_NS, self._hear_signals)
        loop.when_due(self._core_due, self._on_core_deadline)
        loop.every(LAG_CHECK_NS, self._pace) if self._readers else self._pace()

    def _pace(self) -> None:
        """Let the source flow while all readers keep up, hold it while one does not."""
        lag = self.bus.largest_lag(self._readers) if self._readers else 0
        flows = lag is not None and lag < MAX_READER_LAG
        if self.source is None or flows == self._streaming:
            return
        if flows and not self._connected_once:
            self._connected_once = True
            self._loop.when_due(self._source_due, self._on_source)
            self.source.connect()
        for descriptor in self.source.filenos():
            if flows:
                self._loop.add_reader(descriptor, self._on_source)
            else:
                self._loop.remove_reader(descriptor)
        self._streaming = flows

    def _hear_signals(self) -> None:
        assert self._signals is not None, "looked at only where there is a file"
        now_ns = self._clock.now_ns()
        found = self._signals.look(now_ns)
        for signal in found:
            self.bus.publisher.publish(replace(signal, received_ns=now_ns))
        if found:
            self.bus.touched()

    def _source_due(self) -> int | None:
        return self.source.next_deadline_ns() if self._streaming and self.source is not None else None

    def _on_source(self) -> None:
        if self.source is None:
            return
        handle, clock = self.core.handle, self._clock
        for given in self.source.stream():
            if isinstance(given, DepthFailed):
                self._metrics.observe(given)
            outputs = handle(given, clock.now_ns())
            if outputs:
                self._emit(outputs)
        self.bus.touched()
        if isinstance(self.source, FiniteSource) and self.source.finished and not self._end_told:
            self._tell_end(self.source)

    def _tell_end(self, source: FiniteSource) -> None:
        self._end_told = True
        if source.error is None:
            _log.info("the recording has ended")
        else:
            _log.error("the recording cannot be read further", error=source.error)

    def _core_due(self) -> int | None:
        return monotonic_due(self.core.next_deadline_ns(), self._clock)

    def _on_core_deadline(self) -> None:
        outputs = self.core.on_deadline(self._clock.now_ns())
        if outputs:
            self.bus.touched()
            self._emit(outputs)

    def _emit(self, outputs: Sequence[CoreOutput]) -> None:
        publish, observe = self.bus.publisher.publish, self._metrics.observe
        for output in outputs:
            observe(output)
            if isinstance(output, DepthRequest | Reconnect):
                assert self.source is not None, "a core without a source asks for nothing"
                self.source.ask(output)
            else:
                publish(output)

    def _require_bars(self, arguments: dict[str, Any], _request_id: str) -> str:
        errors: list[str] = []
        for symbol, timeframe in arguments["bars"]:
            try:
                self.core.require_bars(str(symbol), str(timeframe))
            except ValueError as error:
                _log.warning("bars refused", symbol=symbol, timeframe=timeframe, error=str(error))
                errors.append(str(error))
        if errors:  # the others are built all the same
            raise CommandError("; ".join(errors))
        return "building"

    def _assess(self) -> tuple[HealthState, str]:
        if self._loop.stopping:
            return HealthState.STOPPING, ""
        if self._readers and not self._connected_once:
            return HealthState.READY, "waiting for readers"
        return self._judge(self.core.status())

    def _judge(self, status: dict[str, Any]) -> tuple[HealthState, str]:
        """Say whether all symbols are live; a recording that has ended is done, not ill."""
        if self.finished:
            return HealthState.READY, "the recording has ended"
        poor = [symbol for symbol, desk in status["symbols"].items() if desk["state"] != MarketState.LIVE]
        if not poor:
            self._live_once = True
            return HealthState.READY, ""
        detail = f"not live: {', '.join(poor[:10])}; {status.get('last_error', '')}".rstrip("; ")
        return (HealthState.DEGRADED if self._live_once else HealthState.STARTING), detail

    @property
    def finished(self) -> bool:
        """Return whether a recorded source has given everything it has, and all readers have taken it."""
        if not isinstance(self.source, FiniteSource) or not self.source.finished:
            return False
        return not self._readers or self.bus.largest_lag(self._readers) == 0

    def _details(self) -> dict[str, Any]:
        counters = self.source.counters() if self.source is not None else {}
        tail = self._signals
        signals = {} if tail is None else {"read": tail.read, "skipped": tail.skipped, "error": tail.error}
        return {"core": self.core.status(), "source": counters, "signals": signals, "finished": self.finished}

    def _counters(self) -> dict[str, int]:
        return {key: value for key, value in self.core.status().items() if type(value) is int}

    def close(self) -> None:
        """Say goodbye and let go of the source and the sockets."""
        self.bus.publish_health()
        if self.source is not None:
            self.source.disconnect()
        self.bus.close()
