"""Kept backtests as lines of text."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from orrery.runs.compare import Comparison, Row
from orrery.runs.kept import REPORT, KeptRun
from orrery.runs.read import Listing
from services.backtest.metrics import PartFigures
from services.backtest.report.figures import groups
from services.backtest.report.words import NONE, TIERS, duration, moment, number, percent

RATIOS = {
    "total_return", "annualised_return", "volatility", "max_drawdown", "exposure", "time_in_market", "benchmark_return",
    "excess_return", "win_rate",
}  # fmt: skip
DURATIONS = {"drawdown_duration_ns", "drawdown_recovery_ns", "longest_underwater_ns"}
HEADS = ("kept (UTC)", "digest", "bars", "trades", "return", "over hold", "sharpe", "drawdown")
DISPENSABLE = ("over hold", "bars", "sharpe")
"""Columns that a narrow terminal goes without, in this order."""
PART_HEADS = ("trades", "win rate", "net profit", "factor", "sharpe", "drawdown")
SHORTEST_NAME = 16
GAP = "  "


def list_lines(listing: Listing, width: int | None = None) -> Iterator[str]:
    """Yield one line a run, the newest first; width: of the terminal, to which columns are left out and names cut."""
    rows = [
        (
            moment(run.kept_ns)[:16],
            run.digest[:8],
            f"{run.bars:,}",
            f"{run.trades:,}",
            percent(run.metrics.total_return),
            percent(run.metrics.excess_return),
            number(run.metrics.sharpe),
            percent(run.metrics.max_drawdown),
        )
        for run in listing.runs
    ]
    if not rows:
        yield "no backtests kept"
    else:
        lines = _fitted([HEADS, *rows], width)
        names = ("run", *(("" if run.is_complete else "partial: ") + run.name for run in listing.runs))
        for line, name in zip(lines, names, strict=True):
            yield line + GAP + (name if width is None else _cut(name, width - len(line) - len(GAP)))
    yield from (f"unreadable: {text}" for text in listing.unreadable)


def _fitted(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Return the rows as lines, without the columns for which there is no room beside a short name."""
    lines, heads = [*aligned(rows, to_edge=True)], rows[0]
    for dispensable in DISPENSABLE:
        if width is None or len(lines[0]) + len(GAP) + SHORTEST_NAME <= width:
            break
        kept = [place for place, head in enumerate(heads) if head != dispensable]
        rows = [[row[place] for place in kept] for row in rows]
        lines, heads = [*aligned(rows, to_edge=True)], rows[0]
    return lines


def _cut(name: str, room: int) -> str:
    room = max(room, SHORTEST_NAME)
    return name if len(name) <= room else f"{name[: room - 1]}\N{HORIZONTAL ELLIPSIS}"


def show_lines(run: KeptRun, folder: str, width: int | None = None) -> Iterator[str]:
    """Yield a run's figures, parameters, settings and data; width: of the terminal, which notes are folded to."""
    yield run.id
    yield f"kept {moment(run.kept_ns)} UTC"
    if not run.is_complete:
        yield f"partial run: {run.error}"
    for title, lines in groups(run, run.metrics).items():
        yield from ("", title)
        yield from aligned([(f"  {label}", text) for label, text in lines])
    for title, parts in (("Strategies", run.metrics.strategies), ("Symbols", run.metrics.symbols)):
        if len(parts) > 1:
            yield ""
            yield from aligned([(title, *PART_HEADS), *(_part(name, part) for name, part in parts.items())])
    named = [
        (f"  {strategy}.{key}", str(value)) for strategy, part in run.params.items() for key, value in part.items()
    ]
    if named or run.settings:
        yield from ("", "Parameters and settings")
        yield from aligned([*named, *((f"  {key}", value) for key, value in run.settings.items())])
    yield from ("", f"Data: {TIERS[run.tier].title.lower()}")
    for source in run.provenance:
        yield f"  {source.symbol} {source.timeframe} · {source.file} · {source.rows:,} rows"
        yield f"  {moment(source.start_ns)} to {moment(source.end_ns)} UTC"
        yield f"  SHA-256 {source.sha256}"
        for note in source.notes:
            yield from wrap(f"  {note}", width or len(note) + 2, subsequent_indent="    ")
    yield from ("", f"digest {run.digest}", f"report {folder}/{REPORT}")


def _part(name: str, part: PartFigures) -> tuple[str, ...]:
    shown = (part.net_profit, part.profit_factor, part.sharpe)
    cells = (percent(part.win_rate, 1), *map(number, shown), percent(part.max_drawdown))
    return (f"  {name}", f"{part.trades:,}", *cells)


def compare_lines(comparison: Comparison, width: int | None = None) -> Iterator[str]:
    """Yield the figures of runs side by side, as many as there is room for, then how they differ."""
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
            yield from _blocks([(title, *letters), *(_texts(name, row) for name, row in rows.items())], width)


def _blocks(rows: Sequence[Sequence[str]], width: int | None) -> Iterator[str]:
    """Yield tables that are no wider than the terminal, the first column in each, an empty line before each."""
    columns = len(rows[0]) - 1
    together = columns
    while together > 1 and width is not None and max(map(len, aligned([row[: together + 1] for row in rows]))) > width:
        together -= 1
    for first in range(1, columns + 1, together):
        yield ""
        yield from aligned([(row[0], *row[first : first + together]) for row in rows])


def _texts(name: str, row: Row) -> tuple[str, ...]:
    return (f"  {name.removesuffix('_ns')}", *(_text(name, value) for value in row))


def _text(name: str, value: float | int | str | bool | None) -> str:
    if value is None:
        return NONE
    if isinstance(value, str | bool):
        return str(value)
    if name in DURATIONS:
        return duration(int(value))
    if name.endswith("_ns"):
        return moment(int(value))[:16]
    if name in RATIOS:
        return percent(value)
    return number(value, 0 if isinstance(value, int) else 2 if abs(value) >= 100 else 4)


def aligned(rows: Sequence[Sequence[str]], *, to_edge: bool = False) -> Iterator[str]:
    """Yield rows as lines: the first column to the left, the others to the right; to_edge: all of one length."""
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = row
        cells = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
        line = GAP.join((first.ljust(widths[0]), *cells))
        yield line if to_edge else line.rstrip()
