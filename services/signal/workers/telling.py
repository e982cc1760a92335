"""What the service tells of its workers: in the log, in the metrics, in its health and status."""

from collections.abc import Callable
from typing import Any, Protocol

from common.journaled_service import JournaledService
from common.logs import get_logger
from common.messages import HealthState
from services.signal.workers.guard import Loss
from services.signal.workers.second import Opinion
from services.signal.workers.sharded import ShardedCore

LOOK_NS = 500_000_000
"""Between two looks at the workers."""
_log = get_logger("workers")


class Counted(Protocol):
    """Who counts what is told here."""

    def worker_lost(self, cause: str, *, stopped: bool) -> None:
        """Count a worker that was lost and brought back."""
        ...

    def workers_alive(self, count: int) -> None:
        """Note how many workers there are."""
        ...

    def indicator_checked(self, result: str, apart: float) -> None:
        """Count a comparison."""
        ...

    def indicator_program(self, event: str, count: int) -> None:
        """Count what befell OCaml's program."""
        ...


class Teller:
    """Looks after a service's workers, and tells."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._opinions: list[Opinion] = []

    def lost(self, loss: Loss) -> None:
        """Tell of a worker that was lost."""
        self._counted.worker_lost(loss.cause, stopped=loss.stopped)
        told = {"worker": loss.worker, "cause": loss.cause, "runner": loss.runner or None, "how": loss.text} | {
            "input": loss.told or None
        }
        if loss.stopped:
            _log.error("worker lost; another takes its place, the runner is stopped", **told)
        else:
            _log.warning("worker lost; another takes its place", **told)

    def follow(self, service: JournaledService, core: ShardedCore, refill: Callable[[], None]) -> None:
        """Look after the workers of a service from now on; refill: called now and then, to have one in reserve."""
        bus = service.bus
        assess, details = bus.assess, bus.details

        def assess_all() -> tuple[HealthState, str]:
            state, detail = assess()
            degraded = next((each.degraded for each in self._opinions if each.degraded), "")
            return (HealthState.DEGRADED, degraded) if state is HealthState.READY and degraded else (state, detail)

        bus.assess = assess_all
        bus.details = lambda: {**details(), "indicators": self._shown()}
        self._look(core)
        bus.loop.every(LOOK_NS, lambda: self._look(core))
        bus.loop.every(LOOK_NS, refill)

    def _look(self, core: ShardedCore) -> None:
        self._opinions = core.opinions()
        self._counted.workers_alive(len(self._opinions))
        for opinion in self._opinions:
            for result, (count, apart) in opinion.checked.items():
                for _ in range(count):
                    self._counted.indicator_checked(result, apart)
            for event, count in opinion.events.items():
                self._counted.indicator_program(event, count)

    def _shown(self) -> dict[str, Any]:
        """Return the first worker's indicators, as a service without workers tells them, and those of all."""
        return {**self._opinions[0].status, "workers": [each.status for each in self._opinions]}
