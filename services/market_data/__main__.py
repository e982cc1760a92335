"""Run market data: `python -m services.market_data [--config FILE] [--set section.key=value]`.

Where the data comes from is chosen here, once: a venue, a recording, or a simulation.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from common.bus_service import ServiceError
from common.clock import Clock
from common.config.load import LoadedConfig
from common.config.models import Config
from common.durable import write_whole
from common.routes import MARKET_DATA
from common.runner import EventLoop
from common.service_main import run_service
from services.market_data.adapters.file_source import FileSettings, FileSource
from services.market_data.adapters.pollable import PollableSource
from services.market_data.adapters.recorded_inputs import RecordedInputs
from services.market_data.adapters.recording_lines import Shape
from services.market_data.adapters.recordings import RecordingError
from services.market_data.adapters.signal_tail import SignalTail
from services.market_data.adapters.stepping import RecordedSteps
from services.market_data.core.feed import MarketDataCore
from services.market_data.core.recorded import RecordedCore
from services.market_data.core.simulated import SimulatedCore
from services.market_data.core.source import FeedCore
from services.market_data.core.venues import load
from services.market_data.metrics import MarketDataMetrics
from services.market_data.service import MarketDataService, Parts

if TYPE_CHECKING:
    from services.market_data.adapters.venue_source import VenueSettings

RECORDED_VENUE = "binance"
"""Whose frames a raw recording holds."""
RESUME_WITHIN_NS = 3_600_000_000_000
"""A simulation restarted within this time goes on where its path would be; after it, a new path begins."""


def build(loop: EventLoop, loaded: LoadedConfig) -> MarketDataService:
    """Return the running service.

    Raises:
        ServiceError: the source cannot be opened or an address not bound.
    """
    config, clock = loaded.config, loop.clock
    kind = config.data_source.type or config.market_data.exchange
    if loop.is_conducted:
        return MarketDataService(loop, config, _in_lockstep(kind, config, clock))
    core, source = _parts(kind, config, clock)
    parts = Parts(
        core,
        source,
        clock,
        MarketDataMetrics(simulated=kind == "simulated"),
        paced_by_readers=kind == "file" and config.data_source.file.wait_for_readers,
        signals=SignalTail(Path(config.market_data.signals_path)) if config.market_data.signals_path else None,
    )
    return MarketDataService(loop, config, parts)


def _parts(kind: str, config: Config, clock: Clock) -> tuple[FeedCore, PollableSource | None]:
    symbols = config.market_data.symbols
    if kind == "simulated":
        start_ns = simulation_start(Path(config.engine.data_dir) / MARKET_DATA, clock.now_ns())
        return SimulatedCore(config.market_data, config.data_source.simulated, symbols, start_ns), None
    if kind == "file":
        return _recording(config, clock)
    from services.market_data.adapters.venue_source import VenueSource  # httpx and websockets load as long as the rest

    try:
        source = VenueSource(venue_settings(kind, config), symbols, clock)
    except ValueError as error:
        raise ServiceError(f"market_data.websocket_url, rest_url or streams: {error}") from error
    return MarketDataCore(config.market_data, symbols, load(kind)), source


def _in_lockstep(kind: str, config: Config, clock: Clock) -> Parts:
    """Return a recording that gives its next input when it is asked to."""
    if kind != "file":
        raise ServiceError(f"data_source.type: expected file in lock-step, found {kind}")
    section, market_data = config.data_source.file, config.market_data
    try:
        inputs = RecordedInputs(Path(section.path), Path(section.rest_path) if section.rest_path else None)
    except RecordingError as error:
        raise ServiceError(f"data_source.file.path: {error}") from error
    core = inputs.core(market_data, market_data.symbols)
    return Parts(core, None, clock, MarketDataMetrics(simulated=False), steps=RecordedSteps(core, inputs, clock))


def _recording(config: Config, clock: Clock) -> tuple[FeedCore, PollableSource]:
    section = config.data_source.file
    try:
        source = FileSource(
            FileSettings(Path(section.path), Path(section.rest_path) if section.rest_path else None, section.speed),
            clock,
        )
    except RecordingError as error:
        raise ServiceError(f"data_source.file.path: {error}") from error
    symbols = config.market_data.symbols
    if source.shape is Shape.FRAMES:
        return MarketDataCore(config.market_data, symbols, load(RECORDED_VENUE)), source
    return RecordedCore(config.market_data, symbols), source


def venue_settings(venue: str, config: Config) -> "VenueSettings":
    """Return what the configuration says of a venue's connection."""
    from services.market_data.adapters.venue_source import VenueSettings
    from services.market_data.adapters.websocket import WebSocketSettings

    section = config.market_data
    return VenueSettings(
        venue=venue,
        websocket_url=section.websocket_url,
        rest_url=section.rest_url,
        streams=tuple(section.streams),
        websocket=WebSocketSettings(
            first_delay_s=section.reconnect_delay_ms / 1e3, longest_delay_s=section.reconnect_delay_max_ms / 1e3
        ),
    )


def simulation_start(folder: Path, now_ns: int) -> int:
    """Return when the simulated market opened: kept over restarts, so that a killed feed comes back on its path.

    A clock that was set back to before it opened opens it anew: until it had caught up there would be no market.
    """
    path = folder / "simulation_start_ns"
    if path.exists() and 0 <= now_ns - int(path.read_text()) < RESUME_WITHIN_NS:
        return int(path.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, str(now_ns).encode())
    return now_ns


if __name__ == "__main__":
    sys.exit(run_service(MARKET_DATA, build))
