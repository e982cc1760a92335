"""One runner in full, for whoever looks into it: plain data only, nothing of it changes."""

from typing import Any

from services.signal.core.asker import MARKET_FIELDS
from services.signal.core.changes import digest_of
from services.signal.core.describe import describe_runner
from services.signal.core.indicators import REGISTRY, title_of
from services.signal.core.roster import Roster
from services.signal.core.runner import Runner

BARS_SHOWN = 20
BARS_SHOWN_MAX = 10_000
"""Bars that one answer shows at most; no more than the window keeps in any case."""


def line_of(roster: Roster, id_: str) -> dict[str, Any]:
    """Return a runner's health: state, counters, latest error, what changed it."""
    runner, change = roster.runners[id_], roster.changed.get(id_)
    asker, spec, position = runner.asker, runner.spec, runner.desk.position
    return {
        "id": id_,
        "script": spec.strategy.script,
        "sha256": digest_of(spec.strategy.source),
        "symbol": spec.symbol,
        "timeframe": spec.timeframe,
        "state": runner.machine.state.value,
        "quantity": str(position.quantity),
        "waits": runner.desk.pending is not None or runner.desk.working is not None,
        "paused": asker.paused,
        "stopped": id_ in roster.stopped,
        "leaving": id_ in roster.leaving,
        "tick_interval_ms": spec.strategy.tick_interval_ns // 1_000_000,
        "bars": asker.series.count,
        "evaluations": asker.evaluations,
        "errors": asker.errors,
        "errors_in_row": asker.errors_in_row,
        "last_error": asker.last_error,
        "last_update_ns": _last_update_ns(runner),
        "added_ns": change.at_ns if change is not None and change.is_added else None,
        "changed_ns": None if change is None else change.at_ns,
        "memory_bytes": getattr(asker.host, "memory_bytes", None),
    }


def show_runner(roster: Roster, id_: str, bars: int = BARS_SHOWN) -> dict[str, Any]:
    """Return all that is known of a runner, with its latest bars, without what its host alone remembers."""
    runner = roster.runners[id_]
    return {
        **describe_runner(runner),
        **line_of(roster, id_),
        "indicators": _indicators(runner),
        "other_series": runner.asker.readings.status(),
        "held_until_ns": runner.held_until_ns or None,
        "account": None if runner.asker.account is None else runner.asker.account._asdict(),
        "recent_bars": [
            [bar.start_ns, bar.open, bar.high, bar.low, bar.close, bar.volume]
            for bar in list(runner.asker.series.window)[-max(1, min(bars, BARS_SHOWN_MAX)) :]
        ],
    }


def history_of(roster: Roster, id_: str) -> list[list[Any]]:
    """Return the transitions that a runner remembers, the oldest first, as [nanoseconds UTC, before, after, event]."""
    return [
        [at_ns, before.value, after.value, event.value]
        for at_ns, before, after, event in roster.runners[id_].machine.history
    ]


def _indicators(runner: Runner) -> dict[str, Any]:
    arguments, slot, found = runner.asker.arguments, MARKET_FIELDS, dict[str, Any]()
    for key in runner.asker.bank.keys:
        outputs = REGISTRY[key.name].OUTPUTS
        values = arguments[slot : slot + len(outputs)]
        slot += len(outputs)
        found[title_of(key)] = values[0] if len(values) == 1 else dict(zip(outputs, values, strict=True))
    return found


def _last_update_ns(runner: Runner) -> int | None:
    latest = runner.asker.series.latest
    return max(runner.last_tick_ns, 0 if latest is None else latest.received_ns) or None
