"""Kept backtests as lines: their curves and trades as they lie in the runs' folders."""

import csv
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from orrery.errors import CommandLineError
from orrery.portfolio.lines import Line
from orrery.runs.kept import BACKTESTS, EQUITY, TRADES
from orrery.runs.read import show_run
from services.backtest.result import ClosedTrade

CLOSE = "close_"


def kept_lines(data_dir: Path, references: Sequence[str]) -> list[Line]:
    """Return a line for each kept run, named by its strategies; of equal names the run's id stands behind.

    Raises:
        CommandLineError: there is no such run, or it cannot be read.
    """
    lines = [kept_line(data_dir, reference) for reference in references]
    names = [line.name for line in lines]
    if len(set(names)) == len(names):
        return lines
    kept = [show_run(data_dir, reference) for reference in references]
    if len({run.id for run in kept}) < len(kept):
        raise CommandLineError(f"expected each run once, found {', '.join(run.id for run in kept)}")
    return [kept_line(data_dir, reference, run.id) for reference, run in zip(references, kept, strict=True)]


def kept_line(data_dir: Path, reference: str, name: str = "") -> Line:
    """Return one kept run; its figures are those it was kept with."""
    run = show_run(data_dir, reference)
    folder = Path(reference) if (Path(reference) / EQUITY).is_file() else data_dir / BACKTESTS / run.id
    try:
        rows = list(_rows(folder / EQUITY))
        trades = [_trade(row) for row in _rows(folder / TRADES)]
        times = [int(row["time_ns"]) for row in rows]
        equity, exposure = ([float(row[key]) for row in rows] for key in ("equity", "exposure"))
        symbols = [key.removeprefix(CLOSE) for key in (rows[0] if rows else {}) if key.startswith(CLOSE)]
        closes = {symbol: [float(row[CLOSE + symbol]) for row in rows] for symbol in symbols}
    except OSError as error:
        raise CommandLineError(f"{folder}: cannot be read: {error.strerror}") from error
    except (KeyError, ValueError, ArithmeticError) as error:
        raise CommandLineError(f"{folder}: expected the CSV files of a kept run, found: {error!r}") from error
    metrics = run.metrics
    return Line(
        name=name or "+".join(run.strategies) or run.name,
        cash=run.initial_cash,
        times_ns=times,
        equity=equity,
        exposure=exposure,
        trades=trades,
        strategies=run.strategies,
        closes=closes,
        final=run.final_equity,
        fees=Decimal(repr(metrics.fees)),
        turnover=Decimal(repr(metrics.turnover)),
        slippage=Decimal(repr(metrics.slippage)),
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _trade(row: dict[str, str]) -> ClosedTrade:
    return ClosedTrade(
        runner=row["runner"],
        strategy=row["strategy"],
        symbol=row["symbol"],
        side=row["side"],
        quantity=Decimal(row["quantity"]),
        entry_ns=int(row["entry_ns"]),
        entry_price=Decimal(row["entry_price"]),
        exit_ns=int(row["exit_ns"]),
        exit_price=Decimal(row["exit_price"]),
        pnl=Decimal(row["pnl"]),
        fees=Decimal(row["fees"]),
        bars_held=int(row["bars_held"]),
        entry_reason=row["entry_reason"],
        exit_reason=row["exit_reason"],
    )
