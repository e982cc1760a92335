"""A projection as people want to see it: plain data only, money and quantities as exact text."""

from typing import Any

from common.money import ZERO, figure, ratio, use_money_context
from services.event_store.core.projection.orders import OrderRecord
from services.event_store.core.projection.state import RunnerRecord, State, command_key


def describe(state: State) -> dict[str, Any]:
    """Return accounts, positions, open orders, runners, breaker, markets and counts as plain data."""
    use_money_context()
    orders = state.orders
    return {
        "accounts": {
            name: {
                "cash": figure(account.cash),
                "realised_pnl": figure(account.realised_pnl),
                "fees": figure(account.fees),
                "open_positions": account.open_positions,
            }
            for name, account in sorted(state.accounts.items())
        },
        "positions": {
            runner: {
                "quantity": figure(position.quantity),
                "average_price": figure(position.average_price),
                "realised_pnl": figure(position.realised_pnl),
                "fees": figure(position.fees),
                "stop_price": None if position.stop_price is None else figure(position.stop_price),
                "target_price": None if position.target_price is None else figure(position.target_price),
            }
            for _, runners in sorted(state.positions.items())
            for runner, position in sorted(runners.items())
        },
        "orders": {
            "open": {id_: describe_order(order) for id_, order in sorted(orders.by_id.items()) if not order.is_whole},
            "ended": orders.ended.count,
            "refused": orders.refused.count,
        },
        "runners": {
            name: {
                "state": runner.state.value,
                "since_ns": runner.since_ns,
                "reason": runner.reason,
                "transitions": runner.transitions,
                "errors": runner.errors,
                "last_error": runner.last_error,
                "paused": _is_paused(state, name, runner),
            }
            for name, runner in sorted(state.runners.items())
        },
        "breaker": {"reason": _breaker(state), "refusals": state.breaker.refusals},
        "limits": dict(sorted(state.limits.items())),
        "markets": {symbol: status.state.value for symbol, status in sorted(state.markets.items())},
        "quotes": {symbol: [quote.bid, quote.ask] for symbol, quote in sorted(state.quotes.items())},
        "halts": {service: halt.error for service, halt in sorted(state.halts.items())},
        "counts": dict(sorted(state.counts.items())),
    }


def _is_paused(state: State, name: str, runner: RunnerRecord) -> bool:
    """Return whether a runner is asked no more: operators and errors come by different streams, so the later one holds."""
    paused, resumed = (_commanded_ns(state, command, name) for command in ("runner.pause", "runner.resume"))
    failed_ns = runner.failed_ns if runner.is_paused else 0
    return max(paused, failed_ns) > resumed


def _breaker(state: State) -> str:
    is_reset = _commanded_ns(state, "reset_breaker", "") > state.breaker.since_ns
    return "" if is_reset else state.breaker.reason


def _commanded_ns(state: State, name: str, runner: str) -> int:
    command = state.commands.get(command_key(name, runner))
    return 0 if command is None else command.event_ns


def describe_order(order: OrderRecord) -> dict[str, Any]:
    """Return an order's stage and figures."""
    use_money_context()
    wanted, reported = order.wanted, order.reported
    filled = ZERO if reported is None else reported.filled
    return {
        "runner": order.runner,
        "symbol": order.symbol,
        "stage": order.stage,
        "order_type": None if wanted is None else wanted.order_type or "market",
        "side": None if wanted is None else wanted.side.value,
        "quantity": _quantity(order),
        "filled": figure(filled),
        "average_price": None if reported is None or not filled else figure(ratio(reported.value, filled)),
        "refusal": "" if order.decided is None else order.decided.refusal,
    }


def _quantity(order: OrderRecord) -> str | None:
    """Return what was wanted, else what risk came to; None where neither is known."""
    wanted, decided = order.wanted, order.decided
    if order.reported is not None and order.reported.quantity is not None:
        return figure(order.reported.quantity)
    if wanted is not None and wanted.quantity is not None:
        return figure(wanted.quantity)
    return None if decided is None or decided.refusal else figure(decided.quantity)
