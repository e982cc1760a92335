"""A runner as people want to see it: plain data only."""

from typing import Any

import msgspec

from common.money import figure
from services.signal.core.orders import Pending
from services.signal.core.roster import Roster
from services.signal.core.runner import Runner

HISTORY_SHOWN = 10
"""Transitions shown in a summary."""


def counts_of(roster: Roster) -> dict[str, int]:
    """Return what the runners have counted together, and what is counted of them."""
    askers = [runner.asker for runner in roster.runners.values()]
    return {
        **msgspec.structs.asdict(roster.counters),
        "signals": len(roster.facts.signals),
        "signals_left_out": roster.facts.signals_left_out,
        "evaluations": sum(asker.evaluations for asker in askers),
        "errors": sum(asker.errors for asker in askers),
        "paused": sum(asker.paused for asker in askers),
    }


def describe_runner(runner: Runner) -> dict[str, Any]:
    """Return state, position, what is pending, context, counters and the latest error of a runner."""
    asker, machine, spec = runner.asker, runner.machine, runner.spec
    return {
        "id": runner.id,
        **spec.strategy.plain(),
        "symbol": spec.symbol,
        "timeframe": spec.timeframe,
        "state": machine.state.value,
        "updates_in_state": machine.updates,
        "transitions": machine.transitions,
        "refused_transitions": machine.refused,
        "position": _position(runner),
        "pending": _pending(runner.desk.pending),
        "other": _pending(runner.desk.other),
        "working": _pending(runner.desk.working),
        "context": dict(machine.context),
        "bars": asker.series.count,
        "decisions": runner.desk.decisions,
        "evaluations": asker.evaluations,
        "errors": asker.errors,
        "errors_in_row": asker.errors_in_row,
        "paused": asker.paused,
        "last_error": asker.last_error,
        "lines": list(asker.lines),
        "history": [list(transition) for transition in list(machine.history)[-HISTORY_SHOWN:]],
    }


def _position(runner: Runner) -> dict[str, Any] | None:
    position, latest = runner.desk.position, runner.asker.series.latest
    if not position.is_open:
        return None
    return {
        "side": "long" if position.quantity > 0 else "short",
        "quantity": figure(abs(position.quantity)),
        "entry_price": figure(position.entry_price),
        "unrealised_pnl": None if latest is None else position.unrealised(latest.close),
        "stop": None if position.stop is None else figure(position.stop),
        "target": None if position.target is None else figure(position.target),
    }


def _pending(order: Pending | None) -> dict[str, Any] | None:
    if order is None:
        return None
    shown = {
        "intent_id": order.intent_id,
        "kind": order.kind.value,
        "age": order.age,
        "cancelling": order.cancelling,
        "order_type": order.order_type.value,
    }
    prices = {"limit_price": order.limit_price, "trigger_price": order.trigger_price}
    return shown | {name: figure(price) for name, price in prices.items() if price is not None}
