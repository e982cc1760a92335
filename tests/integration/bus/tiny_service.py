"""A service around a tiny core: `python -m tests.integration.bus.tiny_service NAME [--config …] [--set …]`.

TINY_TOTAL is how many intents the signal service makes, TINY_PRICE the price at which tiny cores deal.
"""

import os
import sys

from common.bus_service import BusService
from common.config.load import LoadedConfig
from common.journaled_service import JournaledService
from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from common.runner import EventLoop
from common.service_main import run_service
from tests.integration.bus.tiny_core import Role, TinyCore, quote

QUOTE_INTERVAL_NS = 2_000_000
ROLES: dict[str, Role] = {SIGNAL: "maker", RISK_MANAGER: "approver", EXECUTION: "filler"}


class Feed:
    """A quote now and then."""

    def __init__(self, loop: EventLoop, loaded: LoadedConfig) -> None:
        self.bus = BusService(loop, loaded.config, MARKET_DATA)
        self._said = 0
        loop.every(QUOTE_INTERVAL_NS, self._say)

    def _say(self) -> None:
        self._said += 1
        self.bus.publisher.publish(quote(self._said, event_ns=self.bus.wall.now_ns()))

    def close(self) -> None:
        """Close the sockets."""
        self.bus.close()


def build(loop: EventLoop, loaded: LoadedConfig, name: str) -> JournaledService:
    """Return the journaled service of that name."""
    core = TinyCore(ROLES[name], int(os.environ.get("TINY_TOTAL", "0")), os.environ.get("TINY_PRICE", "100"))
    service = JournaledService(loop, loaded.config, name, core)
    service.allow_operator("count", "make")
    return service


def main(name: str, arguments: list[str]) -> int:
    """Run the service."""
    if name == MARKET_DATA:
        return run_service(name, Feed, arguments)
    return run_service(name, lambda loop, loaded: build(loop, loaded, name), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
