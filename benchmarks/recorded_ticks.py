"""Backtests on recorded events: frames per second from the venue to fills, on each tier; and the start-up time."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure
from orrery.backtesting.event_run import EventRun
from orrery.backtesting.options import Options
from orrery.backtesting.runs import make_run

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "strategies" / "ema_crossover.lua"
LARGE = ROOT.parent / "shared" / "data" / "binance" / "com" / "hb_20240808_btcusdt_ws.jsonl.gz"
SMALL = ROOT / "tests" / "fixtures" / "binance" / "btcusdt_20240808_ws.jsonl.gz"
ROUNDS = 3
BARS = 100


def run() -> list[Figure]:
    """Measure on a recording of BTCUSDT: the large one beside the project, else the small one of the tests."""
    path = LARGE if LARGE.is_file() else SMALL
    figures = [Figure(f"{path.name}: frames to fills, tier {tier}", _ticks(path, tier), "frames/s") for tier in _TIERS]
    figures.append(Figure("orrery backtest --help", _least(_help), "s", "< 0.5"))
    with tempfile.TemporaryDirectory() as folder:
        bars = Path(folder) / "BTCUSDT_1m.csv"
        _write_bars(bars)
        figures.append(
            Figure(f"orrery backtest, {BARS} bars, start to end", _least(lambda: _backtest(bars)), "s", "< 0.5")
        )
    return figures


_TIERS = ("trades", "quotes", "depth")


def _ticks(path: Path, tier: str) -> float:
    best = 0.0
    for _ in range(ROUNDS):
        options = Options(
            strategies=[SCRIPT], data=[path], symbols=[], start="", end="", cash="100000", fee="0.001", slippage="0",
            params=[], loaded=None, timeframe="1s", tier=tier,
        )  # fmt: skip
        made = make_run(options)
        assert isinstance(made, EventRun), "a recording is run event by event"
        result = made.run()
        assert result.is_complete, result.error
        best = max(best, sum(source.rows for source in result.provenance) / result.seconds)
    return best


def _least(call: Callable[[], None]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return min(taken)


def _help() -> None:
    subprocess.run([sys.executable, "-m", "orrery", "backtest", "--help"], cwd=ROOT, check=True, capture_output=True)


def _backtest(bars: Path) -> None:
    command = [sys.executable, "-m", "orrery", "backtest", "-s", str(SCRIPT), "-d", str(bars), "--json"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def _write_bars(path: Path) -> None:
    rows = [f"{1_700_000_040 + 60 * n},{100 + n % 7},{102 + n % 7},{98 + n % 7},{101 + n % 7},1" for n in range(BARS)]
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows, ""]))
