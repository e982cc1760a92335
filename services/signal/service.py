"""The signal service's shell: runners with their Lua hosts on the bus; market data is asked for the bars they need."""

from common.bus_service import ServiceError
from common.config.instruments import instruments_of
from common.config.load import LoadedConfig
from common.config.models import Config
from common.journaled_service import JournaledService
from common.routes import MARKET_DATA, SIGNAL
from common.runner import EventLoop
from services.signal.core.roster import SignalLimits
from services.signal.core.signal_core import PAUSE, RESUME, SignalCore
from services.signal.hosts.lua import lua_factory
from services.signal.loading import StrategyFileError, build_runners, limits_of
from services.signal.metrics import SignalMetrics


def make_core(config: Config) -> SignalCore:
    """Return a fresh core with the runners that the configuration wants; StrategyFileError names a file that cannot be used."""
    section = config.signal
    return SignalCore(
        build_runners(config),
        lua_factory(limits_of(section)),
        instruments_of(config),
        SignalLimits(max_errors=section.max_errors, window=section.window),
    )


def build(loop: EventLoop, loaded: LoadedConfig) -> JournaledService:
    """Return the running service.

    Raises:
        ServiceError: a strategy file cannot be used; and what `JournaledService` raises.
    """
    try:
        core = make_core(loaded.config)
    except StrategyFileError as error:
        raise ServiceError(str(error)) from error
    service = JournaledService(
        loop,
        loaded.config,
        SIGNAL,
        core,
        metrics=SignalMetrics(),
    )
    service.when_appears(MARKET_DATA, "require_bars", {"bars": core.required_bars()})
    service.allow_operator(PAUSE, RESUME)
    return service
