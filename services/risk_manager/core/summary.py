"""The risk manager's status for people: counts, positions, cash, P&L and breaker. Money and quantities as exact text."""

from typing import Any

import msgspec

from common.money import ZERO, figure, use_money_context
from services.risk_manager.core.desk import Desk
from services.risk_manager.core.markets import Market
from services.risk_manager.core.positions import Position
from services.risk_manager.core.reconciliation import PENDING


def summarise(desk: Desk) -> dict[str, Any]:
    """Return the status; keys with an int are counters."""
    use_money_context()
    state, valuation = desk.state, desk.valuation
    counts = msgspec.structs.asdict(state.counts)
    refused = counts.pop("refused")
    positions = [
        _position(desk, market, position)
        for market in state.markets.values()
        for position in market.positions.values()
        if position.quantity or position.realised
    ]
    pnl = desk.losses.pnl()
    realised = sum((purse.realised * valuation.rate(name) for name, purse in state.account.purses.items()), ZERO)
    return {
        **counts,
        "refused": sum(refused.values()),
        "open_positions": state.open_positions,
        "working_orders": len(state.orders.working),
        "refusals": dict(sorted(refused.items())),
        "positions": positions,
        "cash": {name: figure(purse.cash) for name, purse in state.account.purses.items()},
        "fees": {name: figure(purse.fees) for name, purse in state.account.purses.items()},
        "unconverted_currencies": [name for name in state.account.purses if not valuation.is_converted(name)],
        "realised_pnl": figure(realised),
        "unrealised_pnl": figure(pnl - realised),
        "equity": figure(valuation.equity()),
        "exposure": figure(valuation.exposure()),
        "trading": state.trading.state.value,
        "in_the_way": {
            **({"not_ready": PENDING.detail} if state.reconciliation.is_pending else {}),
            **{reason: latch.detail for reason, latch in sorted(state.trading.latches.items())},
            **({"breaker_open": state.breaker.reason} if state.breaker.reason else {}),
        },
        "breaker": {
            "open": bool(state.breaker.reason),
            "reason": state.breaker.reason,
            "times_opened": state.breaker.times_opened,
        },
    }


def _position(desk: Desk, market: Market, position: Position) -> dict[str, Any]:
    mark = desk.valuation.mark(market)
    is_long = position.quantity > ZERO
    stop = position.protection.tightest_stop(
        desk.limits.trailing_share, desk.instruments[position.symbol], is_long=is_long
    )
    return {
        "runner": position.runner,
        "symbol": position.symbol,
        "quantity": figure(position.quantity),
        "average_price": figure(position.average_price),
        "mark": figure(mark),
        "unrealised_pnl": figure(position.quantity * mark - position.cost),
        "realised_pnl": figure(position.realised),
        "fees": figure(position.fees),
        "stop_price": None if stop is None else figure(stop),
        "target_price": None if position.protection.target is None else figure(position.protection.target),
    }
