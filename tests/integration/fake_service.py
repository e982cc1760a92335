"""A service of the bus without a core: `fake_service.py NAME BEHAVIOUR [--config …]`, for tests of the supervisor.

Behaviours: ready; starting (never ready); refuses (exit code 2); finished (says that its recording is played).
"""

import sys
from typing import Any

from common.bus_service import BusService, ServiceError
from common.config.load import LoadedConfig
from common.messages import HealthState
from common.runner import EventLoop
from common.service_main import run_service

CORES: dict[str, dict[str, Any]] = {
    "market_data": {
        "ticks": 100,
        "bars": 10,
        "symbols": {"BTCUSDT": {"state": "live", "bid": 1.0, "ask": 1.5, "gaps": 2}},
    },
    "signal": {"intents": 7},
    "risk_manager": {"approved": 5, "protective_exits": 1, "refused": 2, "fills": 6, "refusals": {"notional": 2}},
    "execution": {"orders": 6, "fills": 6},
    "event_store": {},
    "alerts": {},
}


class FakeService:
    """Answers `status`, nothing else."""

    def __init__(self, loop: EventLoop, loaded: LoadedConfig, name: str, behaviour: str) -> None:
        if behaviour == "refuses":
            raise ServiceError("tcp://127.0.0.1:5555 is in use")
        self.bus = BusService(loop, loaded.config, name)
        self._name, self._behaviour = name, behaviour
        self.bus.details = self._details
        if behaviour == "starting":
            self.bus.assess = lambda: (HealthState.STARTING, "waiting for the moon")

    def _details(self) -> dict[str, Any]:
        return {"core": CORES[self._name], "finished": self._behaviour == "finished"}

    def close(self) -> None:
        """Let go of the sockets."""
        self.bus.close()


def main() -> int:
    """Run until told to stop."""
    name, behaviour = sys.argv[1:3]
    return run_service(name, lambda loop, loaded: FakeService(loop, loaded, name, behaviour), sys.argv[3:])


if __name__ == "__main__":
    sys.exit(main())
