"""The risk manager's shell: its core on the bus, with what operators may tell it."""

from pathlib import Path

from common.bus.connect import Connector
from common.config.instruments import instruments_of
from common.config.load import LoadedConfig
from common.config.models import Config
from common.journaled_service import JournaledService
from common.routes import EXECUTION, RISK_MANAGER
from common.runner import EventLoop
from services.risk_manager.adapters.coarse_ticks import CoarseTicks
from services.risk_manager.adapters.reconciler import Reconciler
from services.risk_manager.core.operating import COMMANDS
from services.risk_manager.core.previewing import PREVIEW, preview
from services.risk_manager.core.risk_core import RiskCore
from services.risk_manager.metrics import RiskMetrics
from services.risk_manager.reloading import LimitsReloader, section_of_session

SAMPLE_INTERVAL_NS = 1_000_000_000


def make_core(config: Config) -> RiskCore:
    """Return a fresh core, as the configuration wants it."""
    return RiskCore(config.risk, instruments_of(config), links_orders=config.execution.links_orders)


def make_session_core(folder: Path, config: Config) -> RiskCore:
    """Return a fresh core with the limits that the journal in a service's folder begins with; JournalError as there."""
    section = section_of_session(folder, config.risk)
    return RiskCore(section, instruments_of(config), links_orders=config.execution.links_orders)


def build(loop: EventLoop, loaded: LoadedConfig) -> JournaledService:
    """Return the running service; raises what `JournaledService` and `LimitsReloader.begin` raise."""
    config, metrics = loaded.config, RiskMetrics()
    core = make_session_core(Path(config.engine.data_dir) / RISK_MANAGER, config)
    service = JournaledService(loop, config, RISK_MANAGER, core, metrics=metrics)
    loop.every(SAMPLE_INTERVAL_NS, lambda: metrics.sample(service.core.status()))
    loop.every(SAMPLE_INTERVAL_NS, CoarseTicks(core, set(instruments_of(config))).look)
    service.allow_operator(*COMMANDS)
    # A question, so it is not journaled; the answer is made from a copy of the state.
    service.bus.commands.on(PREVIEW, lambda arguments, _id: preview(core, arguments, service.ledger.now_ns()))
    reloader = LimitsReloader(service, core, loaded, metrics)
    if not loop.is_conducted:
        reloader.begin(loop)
        bus = service.bus
        connector = Connector(bus.context, bus.endpoints, bus.security, bus.wall, config.engine.peer_timeout_ms)
        Reconciler(service, core, connector.commander(EXECUTION)).begin(loop)
    return service
