"""The risk manager's shell: its core on the bus, with what operators may tell it."""

from common.config.instruments import instruments_of
from common.config.load import LoadedConfig
from common.config.models import Config
from common.journaled_service import JournaledService
from common.routes import RISK_MANAGER
from common.runner import EventLoop
from services.risk_manager.core.operating import COMMANDS
from services.risk_manager.core.risk_core import RiskCore
from services.risk_manager.metrics import RiskMetrics

SAMPLE_INTERVAL_NS = 1_000_000_000


def make_core(config: Config) -> RiskCore:
    """Return a fresh core, as the configuration wants it."""
    return RiskCore(config.risk, instruments_of(config))


def build(loop: EventLoop, loaded: LoadedConfig) -> JournaledService:
    """Return the running service; raises what `JournaledService` raises."""
    metrics = RiskMetrics()
    service = JournaledService(
        loop,
        loaded.config,
        RISK_MANAGER,
        make_core(loaded.config),
        metrics=metrics,
    )
    loop.every(SAMPLE_INTERVAL_NS, lambda: metrics.sample(service.core.status()))
    service.allow_operator(*COMMANDS)
    return service
