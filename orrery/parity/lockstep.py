"""A recording through the running stack in lock-step, and through the backtester; what both published, to be compared."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from common.clock import monotonic_ns
from common.config.instruments import instruments_of
from common.config.load import LoadedConfig
from common.config.models import Config
from common.messages import AnyMessage
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL, Retention, hears, retention_of, topic_of
from orrery.data.recording_inputs import RecordingInputs
from orrery.parity.conductor import WAIT_MS, Conductor, ConductorError
from orrery.parity.flow import Flow
from orrery.parity.processes import Processes
from orrery.parity.session import Session, inputs_of
from services.backtest.event_plan import EventPlan
from services.backtest.events import run_events
from services.backtest.market_feed import market_messages
from services.backtest.plan import PlanError
from services.market_data.adapters.recordings import BadLine
from services.market_data.core.inputs import CoreInput, VenueFrame
from services.signal.core.reads import where_series
from services.signal.core.roster import SignalLimits
from services.signal.core.spec import SeriesKey
from services.signal.hosts.lua import lua_factory
from services.signal.hosts.ocaml_backend import use_backend
from services.signal.loading import build_runners, limits_of

READY_TIMEOUT_NS = 60_000_000_000
PROGRESS_EVERY = 1_000
"""Events between two calls of the progress callback."""

type Progress = Callable[[int], None]
"""Told how many events have been played."""


class Played(NamedTuple):
    """What one run came to. events: inputs of the recording; seconds: without starting and stopping."""

    flow: Flow
    events: int
    seconds: float
    equity: str


def plan_of(config: Config) -> EventPlan:
    """Return the backtest that a configuration comes to; StrategyFileError and PlanError say what is wrong."""
    section = config.signal
    runners = build_runners(config)
    use_backend(section, is_strict=True)
    return EventPlan(
        name="parity",
        runners=runners,
        make_host=lua_factory(limits_of(section)),
        risk=config.risk,
        execution=config.execution,
        instruments=instruments_of(config),
        limits=SignalLimits(max_errors=section.max_errors, window=section.window),
    )


def not_declared(plan: EventPlan, series: Sequence[SeriesKey]) -> list[str]:
    """Return what is to be said of the series that are read and were not known before the run, with file and line."""
    texts = []
    for symbol, timeframe in [key for key in series if key not in plan.required_bars]:
        places = [where_series(runner, (symbol, timeframe)) for runner in plan.runners]
        wish = f'{{ symbol = "{symbol}", timeframe = "{timeframe}" }}'
        texts.append(
            f"{max(places, key=lambda place: place.count(':'))}: expected {wish} to be declared, found that it is first read while "
            "running; a stack in lock-step asks market data for nothing more then"
        )
    return texts


def play_backtest(config: Config, plan: EventPlan, limit: int | None) -> Played:
    """Run the recording through the backtester; DataFileError if it cannot be read.

    PlanError names a series that a strategy reads and that is found too late for the running stack in lock-step.
    """
    section = config.data_source.file
    inputs = RecordingInputs(Path(section.path), Path(section.rest_path) if section.rest_path else None, BadLine.SKIP)
    core = inputs.core(config.market_data, config.market_data.symbols)
    for symbol, timeframe in plan.required_bars:
        core.require_bars(symbol, timeframe)
    flow, counted = Flow(), _Counted(limit)
    began_ns = monotonic_ns()

    def heard() -> Iterator[tuple[int, AnyMessage]]:
        for now_ns, message in market_messages(core, counted.first(iter(inputs)), inputs.ask):
            if hears(SIGNAL, topic_of(message) or ""):
                flow.hear(message, now_ns)
            yield now_ns, message

    undeclared: list[str] = []

    def refuse(series: Sequence[SeriesKey]) -> None:
        undeclared.extend(not_declared(plan, series))
        raise PlanError(undeclared[0])

    result = run_events(plan, heard(), tell=flow.tell, require=refuse)
    if undeclared:
        raise PlanError(undeclared[0])
    if result.error:
        raise ConductorError(f"backtest: {result.error}")
    return Played(flow, counted.items, (monotonic_ns() - began_ns) / 1e9, str(result.final_equity))


class _Counted:
    """Counts items of a recording, and ends behind the last that is wanted."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self.items = 0

    def first(self, inputs: Iterator[tuple[int, CoreInput]]) -> Iterator[tuple[int, CoreInput]]:
        if self._limit == 0:
            return
        for received_ns, given in inputs:
            yield received_ns, given
            self.items += isinstance(given, VenueFrame | AnyMessage)
            if self.items == self._limit:
                return


def play_stack(
    loaded: LoadedConfig, overrides: list[str], folder: Path, limit: int | None, progress: Progress | None = None
) -> Played:
    """Run the recording through the four processes.

    Raises:
        ProcessesError, ConductorError: a process did not start, ended, or did not do what it was told.
    """
    processes = Processes(loaded, overrides, folder)
    conductor = Conductor(loaded.config, processes.check)
    try:
        processes.start()
        _wait_ready(conductor, plan_of(loaded.config).required_bars)
        began_ns = monotonic_ns()
        events = _play(conductor, limit, progress)
        seconds = (monotonic_ns() - began_ns) / 1e9
        conductor.check_rest()
        equity = conductor.ask(RISK_MANAGER, "status")["core"]["equity"]
        processes.stop()
    finally:
        conductor.close()
        processes.kill()
    return Played(journaled_flow(Path(loaded.config.engine.data_dir)), events, seconds, equity)


def _play(conductor: Conductor, limit: int | None, progress: Progress | None) -> int:
    events = 0
    for events in conductor.play(limit):
        if progress is not None and events % PROGRESS_EVERY == 0:
            progress(events)
    return events


def _wait_ready(conductor: Conductor, bars: list[tuple[str, str]]) -> None:
    give_up_ns = monotonic_ns() + READY_TIMEOUT_NS
    for service in (SIGNAL, RISK_MANAGER, EXECUTION):
        while (state := conductor.ask(service, "status")["state"]) != "ready":
            if monotonic_ns() > give_up_ns:
                raise ConductorError(f"{service}: expected it ready within 60 s, found it {state}")
            conductor.pause(WAIT_MS // 10)
    conductor.ask(MARKET_DATA, "require_bars", {"bars": bars})


def journaled_flow(data_dir: Path) -> Flow:
    """Return what the services of an ended session published, and the market data that the signal service took."""
    session, flow = Session(data_dir), Flow()
    for told in inputs_of(session.inbox(SIGNAL)):
        topic = told.recorded.topic
        if topic and told.message is not None and retention_of(topic) is not Retention.JOURNAL:
            flow.hear(told.message, told.recorded.now_ns)
    for service in (SIGNAL, RISK_MANAGER, EXECUTION):
        for message in session.published(service):
            flow.tell(message)
    return flow
