"""The signal service's shell: runners with their Lua hosts on the bus; market data is asked for the bars they need."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.bus_service import ServiceError
from common.config.instruments import instruments_of
from common.config.load import LoadedConfig
from common.config.models import Config
from common.journaled_service import JournaledService
from common.messages import HealthState
from common.routes import MARKET_DATA, SIGNAL
from common.runner import EventLoop
from common.sessions import keep_source
from services.signal.adapters.runner_desk import RunnerDesk
from services.signal.core.questions import OwnRunners
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import SignalCore
from services.signal.hosts.lua import lua_factory
from services.signal.hosts.ocaml import OcamlUnavailableError
from services.signal.hosts.ocaml_backend import use_backend
from services.signal.hosts.ocaml_watch import LOOK_NS, OcamlWatch
from services.signal.loading import StrategyFileError, build_runners, limits_of
from services.signal.metrics import SignalMetrics
from services.signal.reloading import Reloader, sources_of_session


def make_core(config: Config, sources: Mapping[str, bytes] | None = None) -> SignalCore:
    """Return a fresh core with the runners that the configuration wants; StrategyFileError names a file that cannot be used.

    sources: contents of strategy files, by their paths, in place of what is on the disk.
    """
    section = config.signal
    specs = build_runners(config, sources)
    try:
        use_backend(section)
    except OcamlUnavailableError as error:
        raise StrategyFileError(str(error)) from error
    return SignalCore(
        specs,
        lua_factory(limits_of(section)),
        instruments_of(config),
        SignalLimits(max_errors=section.max_errors, window=section.window),
    )


def build(loop: EventLoop, loaded: LoadedConfig) -> JournaledService:
    """Return the running service.

    Raises:
        ServiceError: a strategy file cannot be used; and what `JournaledService` raises.
    """
    config = loaded.config
    folder = Path(config.engine.data_dir) / SIGNAL
    try:
        sources = sources_of_session(folder, config)
        core = make_core(config, sources)
    except StrategyFileError as error:
        raise ServiceError(str(error)) from error
    metrics = SignalMetrics()
    for source in sources.values():
        keep_source(folder, source)
    service = JournaledService(loop, config, SIGNAL, core, metrics=metrics)
    runners = OwnRunners(core)
    wanted: dict[str, Any] = {"bars": runners.required_bars()}

    def require_bars() -> None:
        wanted["bars"] = runners.required_bars()
        service.subscriber.peers.tell(MARKET_DATA, "require_bars", wanted)

    reloader = Reloader(service, runners, config, metrics.reload_failed)
    reloader.on_change = require_bars
    RunnerDesk(service, runners, config, reloader).on_change = require_bars
    if not loop.is_conducted:
        reloader.begin(loop)
    service.when_appears(MARKET_DATA, "require_bars", wanted)
    _watch(service, OcamlWatch(config.signal, core.roster, use_backend(config.signal), metrics))
    return service


def _watch(service: JournaledService, watch: OcamlWatch) -> None:
    """Have OCaml looked after between messages, and told of in the service's health and status."""
    bus = service.bus
    assess, details = bus.assess, bus.details

    def assess_both() -> tuple[HealthState, str]:
        state, detail = assess()
        if state is HealthState.READY and watch.degraded:
            return HealthState.DEGRADED, watch.degraded
        return state, detail

    bus.assess = assess_both
    bus.details = lambda: {**details(), "indicators": watch.status()}
    bus.loop.every(LOOK_NS, watch.look)
