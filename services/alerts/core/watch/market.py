"""Market data: symbols without it."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from common.messages import MarketState, MarketStatus
from services.alerts.core.alert import Alert, Severity, Sign
from services.alerts.core.memory import Watched

PATIENCE_NS: Final = 10_000_000_000
"""How long a symbol may be without data before somebody is told: connections are made anew within seconds."""


def _state(state: MarketState, _watched: Watched, seen: MarketStatus, _now_ns: int) -> Iterator[Sign]:
    if seen.state is state:
        yield Sign(seen.symbol, f"{seen.symbol} is {state.value}: {seen.reason}", f"market:{seen.symbol}")
    else:
        yield Sign(seen.symbol, is_over=True)


ALERTS: Final = (
    Alert(
        "market_stale",
        Severity.WARNING,
        "Nothing of a symbol has come for `market_data.stale_after_ms` and ten seconds more.",
        "Risk refuses entries on it until quotes come again.",
        (MarketStatus,),
        partial(_state, MarketState.STALE),
        patience_ns=PATIENCE_NS,
    ),
    Alert(
        "market_disconnected",
        Severity.CRITICAL,
        "A symbol has had no connection to its venue for ten seconds.",
        "The venue or the network: the log of market data says what it tries.",
        (MarketStatus,),
        partial(_state, MarketState.DISCONNECTED),
        patience_ns=PATIENCE_NS,
    ),
)
