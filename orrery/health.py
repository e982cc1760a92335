"""One health summary of a running stack, from the statuses of its services."""

from collections.abc import Mapping
from typing import Any

import msgspec

from common.clock import monotonic_ns
from common.config.models import Config
from common.routes import ALL_SERVICES
from common.runner import EventLoop
from orrery.operator_bus import OperatorBus
from orrery.stack.polling import StatusPoller
from orrery.summary import READY, ServiceLine, Summary, Tally

ANSWER_TIMEOUT_NS = 1_000_000_000
UNREACHABLE = "unreachable"
DOWN = "down"
_TURN_MS = 10


class StackHealth(msgspec.Struct, kw_only=True):
    """stack: ready when all services are, down when none answers, else the least of their states.

    totals: since the services' journals began; market data's since its process began.
    """

    stack: str
    services: dict[str, ServiceLine]
    totals: Summary


def ask_all(config: Config) -> dict[str, dict[str, Any]]:
    """Return the status of every service that answers within a second; KeysError if the bus needs missing keys."""
    loop, bus = EventLoop(), OperatorBus(config)
    try:
        poller = StatusPoller(loop, bus, ALL_SERVICES)
        give_up_ns = monotonic_ns() + ANSWER_TIMEOUT_NS
        while len(poller.answers) < len(ALL_SERVICES) and monotonic_ns() < give_up_ns:
            poller.ask()
            loop.turn(_TURN_MS)
        return {service: poller.status(service) for service in poller.answers}
    finally:
        bus.close()
        loop.close()


def health_of(statuses: Mapping[str, dict[str, Any]]) -> StackHealth:
    """Return the summary of these statuses; a service that is missing in them is unreachable."""
    tally = Tally(since_the_beginning=True)
    for service, status in statuses.items():
        tally.take(service, status)
    lines = {service: _line(statuses.get(service)) for service in ALL_SERVICES}
    return StackHealth(stack=_stack_state(lines), services=lines, totals=tally.summary(lines))


def _line(status: Mapping[str, Any] | None) -> ServiceLine:
    if status is None:
        return ServiceLine(state=UNREACHABLE, detail="no answer within 1 s")
    return ServiceLine(
        state=str(status["state"]),
        last_message_age_ms=status["last_message_age_ms"],
        uptime_ms=status["uptime_ms"],
        pid=status["pid"],
        detail=str(status["detail"]),
    )


def _stack_state(lines: Mapping[str, ServiceLine]) -> str:
    states = {line.state for line in lines.values()}
    if states == {READY}:
        return READY
    if states == {UNREACHABLE}:
        return DOWN
    return "starting" if states <= {READY, "starting"} else "degraded"
