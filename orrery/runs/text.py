"""Kept backtests as lines of text."""

from collections.abc import Iterator, Sequence

from orrery.runs.compare import Comparison, Row
from orrery.runs.kept import REPORT, KeptRun
from orrery.runs.read import Listing
from services.backtest.report.figures import groups
from services.backtest.report.words import NONE, TIERS, duration, moment, number, percent

RATIOS = {
    "total_return", "annualised_return", "volatility", "max_drawdown", "exposure", "time_in_market", "benchmark_return",
    "excess_return", "win_rate",
}  # fmt: skip
DURATIONS = {"drawdown_duration_ns", "drawdown_recovery_ns", "longest_underwater_ns"}
HEADS = ("run", "bars", "trades", "return", "over hold", "sharpe", "drawdown", "digest", "")


def list_lines(listing: Listing) -> Iterator[str]:
    """Yield one line a run, the newest first."""
    rows = [
        (
            run.id,
            f"{run.bars:,}",
            f"{run.trades:,}",
            percent(run.metrics.total_return),
            percent(run.metrics.excess_return),
            number(run.metrics.sharpe),
            percent(run.metrics.max_drawdown),
            run.digest[:8],
            "" if run.is_complete else "partial",
        )
        for run in listing.runs
    ]
    yield from aligned([HEADS, *rows]) if rows else ("no backtests kept",)
    yield from (f"unreadable: {text}" for text in listing.unreadable)


def show_lines(run: KeptRun, folder: str) -> Iterator[str]:
    """Yield a run's figures, parameters, settings and data."""
    yield f"{run.id} · {moment(run.kept_ns)} UTC"
    if not run.is_complete:
        yield f"partial run: {run.error}"
    for title, lines in groups(run, run.metrics).items():
        yield from ("", title)
        yield from aligned([(f"  {label}", text) for label, text in lines])
    named = [
        (f"  {strategy}.{key}", str(value)) for strategy, part in run.params.items() for key, value in part.items()
    ]
    if named or run.settings:
        yield from ("", "Parameters and settings")
        yield from aligned([*named, *((f"  {key}", value) for key, value in run.settings.items())])
    yield from ("", f"Data: {TIERS[run.tier].title.lower()}")
    for source in run.provenance:
        yield f"  {source.symbol} {source.timeframe} · {source.file} · {source.rows:,} rows"
        yield f"  {moment(source.start_ns)} to {moment(source.end_ns)} UTC · SHA-256 {source.sha256}"
        yield from (f"  {note}" for note in source.notes)
    yield from ("", f"digest {run.digest}", f"report {folder}/{REPORT}")


def compare_lines(comparison: Comparison) -> Iterator[str]:
    """Yield the figures of runs side by side, then how they differ."""
    letters = [chr(ord("A") + n) if n < 26 else f"#{n + 1}" for n in range(len(comparison.runs))]
    yield from (f"{letter} = {name}" for letter, name in zip(letters, comparison.runs, strict=True))
    yield f"digest: {'the same' if comparison.is_same_digest else 'different'}"
    yield f"data: {'the same' if comparison.is_same_data else 'different'}"
    for title, rows in (
        ("figures", comparison.metrics),
        ("parameters that differ", comparison.parameters),
        ("settings that differ", comparison.settings),
    ):
        if rows:
            yield ""
            yield from aligned([(title, *letters), *(_texts(name, row) for name, row in rows.items())])


def _texts(name: str, row: Row) -> tuple[str, ...]:
    return (f"  {name}", *(_text(name, value) for value in row))


def _text(name: str, value: float | int | str | bool | None) -> str:
    if value is None:
        return NONE
    if isinstance(value, str | bool):
        return str(value)
    if name in DURATIONS:
        return duration(int(value))
    if name.endswith("_ns"):
        return moment(int(value))
    if name in RATIOS:
        return percent(value)
    return number(value, 0 if isinstance(value, int) else 4)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines: the first column to the left, the others to the right of their width."""
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = row
        cells = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
        yield "  ".join((first.ljust(widths[0]), *cells)).rstrip()
