"""The trades and the equity of a run as CSV: amounts exactly as they are, times in nanoseconds and as UTC text."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from services.backtest.result import RunResult

SECOND_NS = 1_000_000_000
TRADE_HEADS = (
    "runner", "strategy", "symbol", "side", "quantity", "entry_ns", "entry_time", "entry_price", "exit_ns", "exit_time",
    "exit_price", "pnl", "fees", "bars_held", "entry_reason", "exit_reason",
)  # fmt: skip


def write_trades(path: Path, result: RunResult) -> None:
    """Write the round trips, in the order they were closed."""
    rows = (
        (
            t.runner, t.strategy, t.symbol, t.side, t.quantity, t.entry_ns, utc(t.entry_ns), t.entry_price,
            t.exit_ns, utc(t.exit_ns), t.exit_price, t.pnl, t.fees, t.bars_held, t.entry_reason, t.exit_reason,
        )
        for t in result.trades
    )  # fmt: skip
    _write(path, TRADE_HEADS, rows)


def write_equity(path: Path, result: RunResult) -> None:
    """Write the equity points, each with the closes of its bar where they are known."""
    closes = [series for series in result.closes.values() if len(series) == len(result.equity)]
    named = [symbol for symbol, series in result.closes.items() if len(series) == len(result.equity)]
    rows = (
        (point.time_ns, utc(point.time_ns), point.equity, point.exposure, *(series[n] for series in closes))
        for n, point in enumerate(result.equity)
    )
    _write(path, ("time_ns", "time", "equity", "exposure", *(f"close_{symbol}" for symbol in named)), rows)


def utc(time_ns: int) -> str:
    """Return a time as ISO 8601 text, to the microsecond where it has a fraction."""
    seconds, rest = divmod(time_ns, SECOND_NS)
    whole = datetime.fromtimestamp(seconds, UTC)
    return (whole.replace(microsecond=rest // 1_000) if rest else whole).isoformat()


def _write(path: Path, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)
