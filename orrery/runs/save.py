"""Keep a backtest: its folder appears whole or not at all."""

import os
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from common.clock import WallClock
from orrery.errors import CommandLineError
from orrery.runs.kept import BACKTESTS, EQUITY, METRICS, REPORT, RESULT, TRADES, KeptRun, kept_run
from orrery.runs.tables import SECOND_NS, write_equity, write_trades
from services.backtest.metrics import Metrics
from services.backtest.report import render
from services.backtest.report.curves import Indicators
from services.backtest.result import RunResult

LONGEST_NAME = 40
DIGEST_DIGITS = 8
MOST_TWINS = 1_000
"""Runs of one name and digest within one second."""


def save_run(
    result: RunResult,
    metrics: Metrics,
    data_dir: Path,
    indicators: Indicators | None = None,
    kept_ns: int | None = None,
) -> Path:
    """Keep a run in `<data_dir>/backtests/<time>-<name>-<digest>` and return that folder; CommandLineError if it cannot.

    indicators: by symbol and name, their values at the equity points, for the report.
    kept_ns: the time in the folder's name, the machine's if None.
    """
    time_ns = WallClock().now_ns() if kept_ns is None else kept_ns
    parent = data_dir / BACKTESTS
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = _free(parent / _run_id(result, time_ns))
        kept = kept_run(folder.name, time_ns, result, metrics)
        _write(folder, kept, result, render(result, metrics, indicators))
    except OSError as error:
        raise CommandLineError(f"{parent}: the run cannot be kept: {error}") from error
    return folder


def _write(folder: Path, kept: KeptRun, result: RunResult, report: str) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    try:
        scratch.chmod(0o755)
        for name, value in ((RESULT, kept), (METRICS, kept.metrics)):
            (scratch / name).write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
        write_trades(scratch / TRADES, result)
        write_equity(scratch / EQUITY, result)
        (scratch / REPORT).write_text(report, encoding="utf-8")
        os.replace(scratch, folder)  # an empty or missing folder is replaced at once, one that holds a run refuses
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run_id(result: RunResult, time_ns: int) -> str:
    time = datetime.fromtimestamp(time_ns // SECOND_NS, UTC).strftime("%Y%m%dT%H%M%SZ")
    name = re.sub(r"[^A-Za-z0-9_.]+", "_", result.name)[:LONGEST_NAME] or "run"
    return f"{time}-{name}-{result.digest[:DIGEST_DIGITS]}"


def _free(folder: Path) -> Path:
    twins = (folder.with_name(f"{folder.name}-{n}") for n in range(2, MOST_TWINS))
    free = next((path for path in (folder, *twins) if not path.exists()), None)
    if free is None:
        raise FileExistsError(f"{folder}: expected less than {MOST_TWINS} runs of one second, name and digest")
    return free
