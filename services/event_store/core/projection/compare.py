"""Holds a projection against what the services themselves say: the live cross-check of the fold."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from common.messages import PositionChanged
from common.money import ZERO, figure, use_money_context
from services.event_store.core.projection.state import State

FLAT = "0"


class Difference(msgspec.Struct, frozen=True):
    """One figure on which the projection and a service do not agree."""

    service: str
    what: str
    projected: str
    found: str


def compare(
    state: State,
    *,
    risk: Mapping[str, Any] | None = None,
    execution: Mapping[str, Any] | None = None,
    signal: Mapping[str, Any] | None = None,
) -> list[Difference]:
    """Return where the projection differs from the status of the services' cores; a status that is None is not asked.

    Positions and cash are risk's, open orders and holdings execution's, states and positions of runners signal's. The
    statuses must be of the same moment as the projection: of a platform that rests.
    """
    use_money_context()
    found: list[Difference] = []
    if risk is not None:
        found += _against_risk(state, risk)
    if execution is not None:
        found += _against_execution(state, execution)
    if signal is not None:
        found += _against_signal(state, signal)
    return found


def _against_risk(state: State, risk: Mapping[str, Any]) -> list[Difference]:
    projected = {
        f"{position.runner} {name}": value
        for runners in state.positions.values()
        for position in runners.values()
        if position.quantity or position.realised_pnl
        for name, value in _figures(position).items()
    }
    held = {
        f"{position['runner']} {name}": str(position[name])
        for position in risk["positions"]
        for name in ("quantity", "average_price", "realised_pnl", "fees")
    }
    projected |= {f"cash {name}": figure(account.cash) for name, account in state.accounts.items()}
    # A currency that nothing was ever booked in has no event.
    cash = {f"cash {name}": str(amount) for name, amount in risk["cash"].items() if name in state.accounts}
    return _differences("risk_manager", projected, {**held, **cash})


def _figures(position: PositionChanged) -> dict[str, str]:
    return {
        "quantity": figure(position.quantity),
        "average_price": figure(position.average_price),
        "realised_pnl": figure(position.realised_pnl),
        "fees": figure(position.fees),
    }


def _against_execution(state: State, execution: Mapping[str, Any]) -> list[Difference]:
    orders = state.orders.by_id.values()
    open_orders = sum(
        order.reported is not None and order.reported.is_accepted and not order.reported.end for order in orders
    )
    projected = {f"holding {symbol}": figure(sum(held.values(), ZERO)) for symbol, held in state.holdings.items()}
    found = {f"holding {symbol}": str(amount) for symbol, amount in execution["holdings"].items()}
    projected["open orders"], found["open orders"] = str(open_orders), str(execution["open_orders"])
    return _differences("execution", projected, found)


def _against_signal(state: State, signal: Mapping[str, Any]) -> list[Difference]:
    projected: dict[str, str] = {}
    found: dict[str, str] = {}
    for runner in signal["runners"]:
        name = runner["id"]
        record = state.runners.get(name)
        projected[f"{name} state"] = "idle" if record is None else record.state.value
        projected[f"{name} transitions"] = "0" if record is None else str(record.transitions)
        projected[f"{name} held"] = figure(state.holdings.get(runner["symbol"], {}).get(name, ZERO))
        position = runner["position"]
        held = ZERO if position is None else Decimal(position["quantity"]) * (1 if position["side"] == "long" else -1)
        found[f"{name} state"], found[f"{name} transitions"] = runner["state"], str(runner["transitions"])
        found[f"{name} held"] = figure(held)
    return _differences("signal", projected, found)


def _differences(service: str, projected: Mapping[str, str], found: Mapping[str, str]) -> list[Difference]:
    names = sorted(projected.keys() | found.keys())
    pairs = [(name, projected.get(name, FLAT), found.get(name, FLAT)) for name in names]
    return [Difference(service, name, mine, theirs) for name, mine, theirs in pairs if mine != theirs]
