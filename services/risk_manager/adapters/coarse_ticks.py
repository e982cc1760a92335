"""Warns once of a symbol that no configuration names and whose price is too small for the tick that it has by default."""

from collections.abc import Container

from common.logs import get_logger
from services.risk_manager.core.risk_core import RiskCore

_log = get_logger("ticks")


class CoarseTicks:
    """Looks at the latest quotes of the core. configured: symbols that have a stanza of their own, whose tick is meant."""

    def __init__(self, core: RiskCore, configured: Container[str]) -> None:
        self._core, self._configured = core, configured
        self._told: set[str] = set()

    def look(self) -> None:
        """Warn of the symbols that nobody was warned of yet."""
        for symbol, price, tick in self._core.coarse_ticks():
            if symbol not in self._configured and symbol not in self._told:
                self._told.add(symbol)
                _log.warning(
                    "the price has few ticks: fills round to the tick and protective exits may be rejected; "
                    "set tick_size in [[instruments]]",
                    symbol=symbol,
                    price=price,
                    tick=f"{tick:f}",
                )
