"""Execution's shell: its core and the simulated venue on the bus."""

from common.config.instruments import instruments_of
from common.config.load import LoadedConfig
from common.config.models import Config
from common.core import Core
from common.journaled_service import JournaledService
from common.routes import EXECUTION
from common.runner import EventLoop
from services.execution.core.kill import COMMANDS
from services.execution.core.making import also_hears, make_execution
from services.execution.metrics import ExecutionMetrics

SAMPLE_INTERVAL_NS = 1_000_000_000


def make_core(config: Config) -> Core:
    """Return a fresh core with the simulated venue, as the configuration wants them."""
    return make_execution(config.execution, instruments_of(config))


def build(loop: EventLoop, loaded: LoadedConfig) -> JournaledService:
    """Return the running service on the simulated venue; raises what `JournaledService` raises."""
    metrics = ExecutionMetrics()
    service = JournaledService(
        loop,
        loaded.config,
        EXECUTION,
        make_core(loaded.config),
        metrics=metrics,
        also=also_hears(loaded.config.execution),
    )
    loop.every(SAMPLE_INTERVAL_NS, lambda: metrics.sample(service.core.status()))
    service.allow_operator(*COMMANDS)
    return service
