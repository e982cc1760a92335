"""Small inputs for the execution core and its venue, with defaults for what a test does not care about."""

from decimal import Decimal
from typing import Any

from common.config.models import ExecutionSection
from common.messages import (
    ApprovedCancel,
    ApprovedOrder,
    IntentKind,
    MarketState,
    MarketStatus,
    OrderType,
    Side,
    TimeInForce,
)
from services.execution.core.execution_core import ExecutionCore
from services.execution.core.venue import VenueOrder
from services.execution.core.venues.simulated import SimulatedVenue
from tests.unit.risk_manager.builders import RUNNER, T0, D, instruments


def section(**changes: Any) -> ExecutionSection:
    """Return costs of 10 bps slippage, 20 bps taker and 5 bps maker fee."""
    costs = {"slippage_bps": 10, "taker_fee_bps": 20, "maker_fee_bps": 5}
    return ExecutionSection.model_validate({**costs, **changes})


def venue(**changes: Any) -> SimulatedVenue:
    """Return a fresh simulated venue."""
    return SimulatedVenue(section(**changes), instruments())


def execution_core(**changes: Any) -> ExecutionCore:
    """Return a fresh core on a simulated venue."""
    return ExecutionCore(section(**changes), instruments(), venue(**changes))


def venue_order(
    number: int = 1, side: Side = Side.BUY, quantity: str = "1", limit: str = "", **changes: Any
) -> VenueOrder:
    """Return an order as a venue gets it; a market order if no limit is given."""
    base = {
        "id": f"o-{number}",
        "symbol": "BTCUSDT",
        "side": side,
        "quantity": D(quantity),
        "order_type": OrderType.LIMIT if limit else OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "limit_price": D(limit) if limit else None,
    }
    return VenueOrder(**{**base, **changes})


def approved_order(
    number: int = 1, quantity: str | Decimal = "1", *, side: Side = Side.BUY, **changes: Any
) -> ApprovedOrder:
    """Return an order that risk has approved; without more an entry that buys one at market."""
    base: dict[str, Any] = {
        "id": f"{RUNNER}-{number}",
        "intent_id": f"{RUNNER}-{number}",
        "runner": RUNNER,
        "strategy": "ema",
        "symbol": "BTCUSDT",
        "kind": IntentKind.ENTRY,
        "side": side,
        "quantity": D(quantity),
        "order_type": OrderType.LIMIT if "limit_price" in changes else OrderType.MARKET,
        "time_in_force": TimeInForce.GTC,
        "reference_price": D(100),
        "cause": f"{RUNNER}-{number}",
        "event_ns": T0,
        "received_ns": T0,
    }
    return ApprovedOrder(**{**base, **changes})


def approved_cancel(order: ApprovedOrder) -> ApprovedCancel:
    """Return the cancel of an order."""
    return ApprovedCancel(
        id=f"{order.id}-cancel", order_id=order.id, symbol=order.symbol, cause="c", event_ns=T0, received_ns=T0
    )


def market(state: MarketState, symbol: str = "BTCUSDT") -> MarketStatus:
    """Return what a symbol's market data is worth."""
    return MarketStatus(symbol=symbol, state=state, reason="", event_ns=T0, received_ns=T0)
