"""Execution's shell: its core and the simulated venue on the bus."""

from common.clock import WallClock
from common.config.instruments import instruments_of
from common.config.load import LoadedConfig
from common.config.models import Config
from common.journaled_service import JournaledService
from common.routes import EXECUTION
from common.runner import EventLoop
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.venues.simulated import SimulatedVenue
from services.execution.metrics import ExecutionMetrics

SAMPLE_INTERVAL_NS = 1_000_000_000


def make_core(config: Config) -> ExecutionCore:
    """Return a fresh core with the simulated venue, as the configuration wants them."""
    instruments = instruments_of(config)
    return ExecutionCore(config.execution, instruments, SimulatedVenue(config.execution, instruments))


def build(loop: EventLoop, loaded: LoadedConfig) -> JournaledService:
    """Return the running service on the simulated venue; raises what `JournaledService` raises."""
    metrics = ExecutionMetrics()
    service = JournaledService(
        loop,
        loaded.config,
        EXECUTION,
        make_core(loaded.config),
        clock=WallClock(),
        metrics=metrics,
    )
    loop.every(SAMPLE_INTERVAL_NS, lambda: metrics.sample(service.core.status()))
    return service
