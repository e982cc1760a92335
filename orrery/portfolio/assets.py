"""Price histories as lines: what a unit of each symbol was worth."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from orrery.data.bars import load_bars
from orrery.data.errors import DataFileError
from orrery.errors import CommandLineError
from orrery.portfolio.lines import Line


def asset_lines(paths: Sequence[Path]) -> list[Line]:
    """Return a line for each file of bars, named by its symbol; CommandLineError if one cannot be read."""
    lines = []
    for path in paths:
        try:
            table, provenance = load_bars(path)
        except DataFileError as error:
            raise CommandLineError(str(error)) from error
        closes = [float(close) for close in table.close]
        lines.append(
            Line(
                name=provenance.symbol or path.stem,
                cash=Decimal(repr(float(table.open[0]))),
                times_ns=[int(end_ns) for end_ns in table.end_ns],
                equity=closes,
                exposure=closes,
            )
        )
    names = [line.name for line in lines]
    if len(set(names)) != len(names):
        raise CommandLineError(f"expected files of distinct symbols, found {', '.join(names)}")
    return lines
