"""What `orrery backtest` prints: one JSON object for scripts, a table for people."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import msgspec

from services.backtest.metrics import Metrics
from services.backtest.result import DataTier, RunResult

_KEYS = (
    "name", "tier", "strategies", "params", "settings", "initial_cash", "final_equity", "bars", "intents",
    "orders", "fills", "refusals", "fees", "slippage_paid", "turnover", "digest", "seconds", "bars_per_second",
    "is_complete", "error", "events", "digests",
)  # fmt: skip
_LEFT, _NARROWEST = 18, 30
_encoder = msgspec.json.Encoder(decimal_format="number")
_TIERS = {
    DataTier.BARS: "bars: the way inside a bar is not known; against the position first, every level met in order",
    DataTier.TRADES: "trades: no spread and no book are known; the next trade fills, a limit needs one through it",
    DataTier.QUOTES: "quotes: the touch fills, whatever its size",
    DataTier.DEPTH: "depth: the book is walked; a place in its queue is estimated",
    DataTier.ORDERS: "order by order: the book is walked; the place in its queue is known",
}


def as_json(result: RunResult, metrics: Metrics) -> str:
    """Return one JSON object: the figures of the run, `trades` as their number, and `metrics`. Money is exact.

    `data_quality` has what was found in each file's bars and done about it, with `file` and `symbol`.
    """
    shown: dict[str, Any] = {name: getattr(result, name) for name in _KEYS}
    sources: list[dict[str, Any]] = msgspec.to_builtins(result.provenance)
    qualities = [(source, source.pop("quality")) for source in sources]
    found = [
        {"file": source["file"], "symbol": source["symbol"], **quality} for source, quality in qualities if quality
    ]
    added = {"provenance": sources, "data_quality": found, "trades": len(result.trades), "metrics": metrics}
    return _encoder.encode({**shown, **added}).decode()


def as_lines(result: RunResult, metrics: Metrics, width: int | None = None) -> Iterator[str]:
    """Yield the lines of the table, folded to so many columns; None does not fold."""
    for name, value in _rows(result, metrics):
        line = f"{name:<{_LEFT}} {value}"
        if width is None or len(line) <= width:
            yield line
        else:
            indent = " " * (_LEFT + 1)
            # A digest is to be copied whole.
            yield from wrap(
                line, max(width, _NARROWEST), subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
            )


def _rows(result: RunResult, metrics: Metrics) -> Iterator[tuple[str, str]]:
    symbols = ", ".join(f"{data.symbol} {data.timeframe} ({data.file})" for data in result.provenance)
    rows: list[tuple[str, str]] = [
        ("strategy", ", ".join(result.strategies)),
        ("data", symbols),
        ("tier", _TIERS[result.tier]),
        *([("events", f"{result.events:,}")] if result.events else []),
        ("bars", f"{result.bars:,}"),
        ("orders", f"{result.orders:,} ({result.refusals:,} refused)"),
        ("round trips", f"{len(result.trades):,}"),
        ("initial cash", f"{result.initial_cash:,.2f}"),
        ("final equity", f"{result.final_equity:,.2f}"),
        ("fees", f"{result.fees:,.2f}"),
        ("slippage paid", f"{result.slippage_paid:,.2f}"),
        ("return", _percent(metrics.total_return)),
        ("buy and hold", _percent(metrics.benchmark_return)),
        ("max drawdown", _percent(metrics.max_drawdown)),
        (f"Sharpe ({metrics.sampling})", _number(metrics.sharpe)),
        ("Sortino", _number(metrics.sortino)),
        ("Calmar", _number(metrics.calmar)),
        ("win rate", _percent(metrics.trades.win_rate)),
        ("profit factor", _number(metrics.trades.profit_factor)),
        ("time in market", _percent(metrics.time_in_market)),
        ("speed", _speed(result)),
        ("digest", result.digest),
    ]
    yield from rows
    for data in result.provenance:
        for note in data.notes:
            yield "note", f"{data.file}: {note}"


def _speed(result: RunResult) -> str:
    if result.events:
        return f"{result.events / result.seconds:,.0f} events/s"
    return f"{result.bars_per_second:,.0f} bars/s"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
