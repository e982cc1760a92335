"""The signal service's shell: runners with their Lua hosts on the bus; market data is asked for the bars they need."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from common.bus_service import ServiceError
from common.config.load import LoadedConfig
from common.config.models import Config
from common.journaled_service import JournaledService
from common.logs import get_logger
from common.messages import HealthState
from common.routes import MARKET_DATA, SIGNAL
from common.runner import EventLoop
from common.sessions import keep_source
from services.signal.adapters.runner_desk import RunnerDesk
from services.signal.core.questions import OwnRunners, Runners
from services.signal.core.signal_core import SignalCore
from services.signal.core.spec import RunnerSpec
from services.signal.hosts.ocaml import OcamlUnavailableError
from services.signal.hosts.ocaml_backend import use_backend
from services.signal.hosts.ocaml_watch import LOOK_NS, OcamlWatch
from services.signal.hosts.plugin_files import PluginError, install
from services.signal.loading import StrategyFileError
from services.signal.metrics import SignalMetrics
from services.signal.prospects import Prospects, all_runners, prospects_of
from services.signal.reloading import Reloader, sources_of_session
from services.signal.workers.guard import Guard
from services.signal.workers.starting import Spares, core_of, start_core
from services.signal.workers.telling import Teller

FAILED = {"left_out": "(left out)", "stopped": "(stopped)"}
"""What the reloader tells of strategies whose trial failed, as health says it."""
_log = get_logger("signal")
READ_MORE_NS = 1_000_000_000
"""Between two looks whether a strategy turned out to read another series; never where a conductor leads."""


def make_core(config: Config, sources: Mapping[str, bytes] | None = None) -> SignalCore:
    """Return a fresh core with the runners that the configuration wants; StrategyFileError names a file that cannot be used.

    sources: contents of strategy files, by their paths, in place of what is on the disk.
    """
    return core_of(config, make_specs(config, sources))


def make_specs(config: Config, sources: Mapping[str, bytes] | None = None) -> list[RunnerSpec]:
    """Return the runners that the configuration wants, whose indicators are computed as it says; raises as `make_core`."""
    specs = all_runners(config, sources)
    _prepare(config)
    return specs


def _prepare(config: Config, unloadable: Mapping[str, str] | None = None) -> None:
    """Make this process one in which runners can live; raises StrategyFileError."""
    try:
        install([Path(name) for name in config.signal.indicators], unloadable)
        use_backend(config.signal)
    except (OcamlUnavailableError, PluginError) as error:
        raise StrategyFileError(str(error)) from error


def build(loop: EventLoop, loaded: LoadedConfig) -> JournaledService:
    """Return the running service.

    Raises:
        ServiceError: a strategy file cannot be used; and what `JournaledService` raises.
    """
    config, metrics = loaded.config, SignalMetrics()
    folder = Path(config.engine.data_dir) / SIGNAL
    with ExitStack() as undo:
        spares = Spares(config)
        undo.callback(spares.close)
        try:
            sources = sources_of_session(folder, config)
            prospects = prospects_of(config, folder, sources)
            if config.signal.workers:
                use_backend(config.signal)
            else:
                _prepare(config, prospects.unloadable)
        except (StrategyFileError, OcamlUnavailableError) as error:
            raise ServiceError(str(error)) from error
        for source in sources.values():
            keep_source(folder, source)
        if not config.signal.workers:
            return _build_alone(loop, config, metrics, prospects)
        teller = Teller(metrics)
        core = start_core(config, prospects.specs, spares, Guard(teller.lost), prospects.unloadable)
        undo.callback(core.close)
        service = JournaledService(loop, prospects.config, SIGNAL, core, metrics=metrics)
        teller.follow(service, core, spares.refill)
        service.after_close = undo.pop_all().close
    return _serve(service, core, Reloader(service, core, config, metrics.reload_failed, prospects))


def _build_alone(loop: EventLoop, config: Config, metrics: SignalMetrics, prospects: Prospects) -> JournaledService:
    """Return the service with its runners in this process."""
    _log.warning(
        "signal.workers = 0: no watchdog; a strategy, plug-in or model that hangs or ends its process takes this service along"
    )
    core = core_of(config, prospects.specs)
    service = JournaledService(loop, prospects.config, SIGNAL, core, metrics=metrics)
    _watch(service, OcamlWatch(config.signal, core.roster, use_backend(config.signal), metrics))
    runners = OwnRunners(core)
    return _serve(service, runners, Reloader(service, runners, config, metrics.reload_failed, prospects))


def _serve(service: JournaledService, runners: Runners, reloader: Reloader) -> JournaledService:
    """Let operators and market data know the runners, and the files that change change them."""
    wanted: dict[str, Any] = {"bars": runners.required_bars()}

    def require_bars() -> None:
        wanted["bars"] = runners.required_bars()
        service.subscriber.peers.tell(MARKET_DATA, "require_bars", wanted)

    reloader.on_change = require_bars
    RunnerDesk(service, runners, reloader.config, reloader).on_change = require_bars
    if not service.bus.loop.is_conducted:
        reloader.begin(service.bus.loop)
        service.bus.loop.every(
            READ_MORE_NS, lambda: None if wanted["bars"] == runners.required_bars() else require_bars()
        )
    service.when_appears(MARKET_DATA, "require_bars", wanted)
    _tell_of(service, reloader)
    return service


def _tell_of(service: JournaledService, reloader: Reloader) -> None:
    """Have the health of a service that is ready tell which strategies it does not call."""
    assess = service.bus.assess

    def assess_all() -> tuple[HealthState, str]:
        state, detail = assess()
        if detail or state is not HealthState.READY:
            return state, detail
        files = reloader.status()
        failed = [f"{name} {how}" for key, how in FAILED.items() for name in files[key]]
        return state, f"failed when tried: {', '.join(failed)}; see `orrery runner list`" if failed else ""

    service.bus.assess = assess_all


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
    service.after_close = watch.close
