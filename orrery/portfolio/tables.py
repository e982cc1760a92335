"""Curves and fills of a portfolio as CSV: times in nanoseconds and as UTC text, exact amounts as they are."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from orrery.errors import CommandLineError
from orrery.portfolio.folding import FillPoint
from orrery.portfolio.lines import Line
from orrery.portfolio.report import Range
from orrery.runs.tables import utc


def write_curve(path: Path, *lines: Line) -> None:
    """Write the equity of lines, a row a point; CommandLineError if it cannot be written."""
    times = sorted({time_ns for line in lines for time_ns in line.times_ns})
    rows = ((time_ns, utc(time_ns), *(line.at(time_ns) for line in lines)) for time_ns in times)
    _write(path, ["time_ns", "time", *(f"equity_{line.name}" for line in lines)], rows)


def write_fills(path: Path, points: Sequence[FillPoint], over: Range) -> None:
    """Write cash, to the digit, and equity right after each fill of a range; CommandLineError if it cannot be written."""
    rows = (
        (point.time_ns, utc(point.time_ns), point.fill, point.cash, point.equity)
        for point in points
        if over.begin_ns <= point.time_ns < over.end_ns
    )
    _write(path, ["time_ns", "time", "fill", "cash", "equity"], rows)


def _write(path: Path, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(heads)
            writer.writerows(rows)
    except OSError as error:
        raise CommandLineError(f"{path}: cannot be written: {error.strerror}") from error
