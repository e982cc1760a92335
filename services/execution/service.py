"""Execution's shell: its core and the simulated venue on the bus."""

from common.codec import encode
from common.config.instruments import instruments_of
from common.config.load import LoadedConfig
from common.config.models import Config
from common.core import Core
from common.inputs import Input, InputKind
from common.journaled_service import JournaledService
from common.messages import AnyMessage, VenueHeard, VenueRequest
from common.routes import EXECUTION
from common.runner import EventLoop
from services.execution.adapters.gateway import GatewayChannel
from services.execution.core import routed
from services.execution.core.kill import COMMANDS
from services.execution.core.making import also_hears, make_execution
from services.execution.core.venues import gateway
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
    if loaded.config.execution.venue == gateway.NAME:
        _connect(loop, service, loaded.config)
    loop.every(SAMPLE_INTERVAL_NS, lambda: metrics.sample(service.core.status()))
    service.allow_operator(*COMMANDS)
    return service


def _connect(loop: EventLoop, service: JournaledService, config: Config) -> None:
    """Let the core's requests out to the order gateway, and what it says in: written down before the core is told."""
    ledger = service.ledger

    def tell(heard: list[VenueHeard]) -> None:
        for message in heard:
            ledger.take(Input(InputKind.MESSAGE, ledger.now_ns(), payload=encode(message)), message)
        ledger.commit()
        ledger.save_snapshot_when_due()

    channel = GatewayChannel(loop, gateway.NAME, config.execution.exchange_api_url, config.engine.peer_timeout_ms, tell)

    def perform(message: AnyMessage) -> None:
        if isinstance(message, VenueRequest):
            channel.send(message)

    ledger.perform = perform
    service.allow_operator(routed.RECONCILE, routed.RESUME)
