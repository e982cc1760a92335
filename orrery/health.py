"""One health summary of a running stack, from the statuses of its services."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from common.clock import monotonic_ns
from common.config.models import Config
from common.routes import ALL_SERVICES
from common.runner import EventLoop
from orrery.operator_bus import OperatorBus
from orrery.stack.polling import StatusPoller
from orrery.summary import READY, ServiceLine, Summary, Tally

REACH_FIRST_NS, REACH_OTHERS_NS = 1_000_000_000, 3_000_000_000
"""How long it may take to reach the first service (a stack that is down costs no more), and all others, on a busy machine."""
ANSWER_TIMEOUT_NS = 5_000_000_000
"""How long one that was reached may take to answer, on a busy machine."""
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


def ask_all(config: Config, services: Sequence[str] = ALL_SERVICES) -> dict[str, dict[str, Any]]:
    """Return the status of every one of these services that answers in time; KeysError if the bus needs missing keys."""
    loop, bus = EventLoop(), OperatorBus(config)
    try:
        poller = StatusPoller(loop, bus, services, ANSWER_TIMEOUT_NS)
        began_ns = monotonic_ns()
        while missing := [service for service in services if service not in poller.answers]:
            if monotonic_ns() - began_ns >= _patience_ns(poller, missing):
                break
            poller.ask()
            loop.turn(_TURN_MS)
        return {service: poller.status(service) for service in poller.answers}
    finally:
        bus.close()
        loop.close()


def _patience_ns(poller: StatusPoller, missing: Sequence[str]) -> int:
    if any(poller.owes(service) for service in missing):
        return ANSWER_TIMEOUT_NS
    return REACH_OTHERS_NS if poller.answers else REACH_FIRST_NS


def health_of(statuses: Mapping[str, dict[str, Any]]) -> StackHealth:
    """Return the summary of these statuses; a service that is missing in them is unreachable."""
    tally = Tally(since_the_beginning=True)
    for service, status in statuses.items():
        tally.take(service, status)
    lines = {service: _line(statuses.get(service)) for service in ALL_SERVICES}
    return StackHealth(stack=_stack_state(lines), services=lines, totals=tally.summary(lines))


def _line(status: Mapping[str, Any] | None) -> ServiceLine:
    if status is None:
        return ServiceLine(state=UNREACHABLE, detail="no answer in time")
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
