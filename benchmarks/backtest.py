"""Backtests on the bar tier: bars per second of crossovers that order often (every 22 bars) and rarely, by span and by bar."""

import resource
import sys
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure
from common.config.models import ExecutionSection, RiskSection
from services.backtest.bars_table import BarTable
from services.backtest.engine import run as run_backtest
from services.backtest.plan import Plan, Steps
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.loading import load_strategy

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "benchmarks" / "ema_cross.lua"
OFTEN, RARELY = (10, 20), (400, 1000)
"""Bars of the two averages."""
RECORDED = ROOT.parent / "shared" / "data" / "history" / "btc_perp_1m_first_half.csv.gz"
MINUTE_NS = 60_000_000_000
BEGIN_NS = 1_640_991_660_000_000_000
SHORT, LONG = 45_000, 500_000
REPEATS = 5
"""Runs of the short size; the fastest counts."""
CASH = Decimal(10**8)


def run() -> list[Figure]:
    """Measure on recorded bars, repeated as often as needed; on a random walk where there is no recording."""
    often, rarely = ">= 400 000", ">= 1 000 000"
    return [
        *_measure(OFTEN, SHORT, Steps.BAR),
        *_measure(OFTEN, SHORT, Steps.SPAN, often, ">= 1 000 000"),
        *_measure(RARELY, SHORT, Steps.BAR),
        *_measure(RARELY, SHORT, Steps.SPAN, rarely, ">= 4 000 000"),
        *_measure(OFTEN, LONG, Steps.SPAN, often, ">= 1 000 000"),
        *_measure(RARELY, LONG, Steps.SPAN, rarely, ">= 4 000 000"),
        Figure("peak memory of this process", _peak_mib(), "MiB"),
    ]


def _measure(averages: tuple[int, int], size: int, steps: Steps, owed: str = "", aim: str = "") -> list[Figure]:
    fast, slow = averages
    plan = _plan(averages, _bars(size), steps)
    results, spent = [], []
    for _ in range(REPEATS if size == SHORT else 1):
        began = time.process_time()
        results.append(run_backtest(plan))
        spent.append(time.process_time() - began)
    best = max(results, key=lambda result: result.bars_per_second)
    assert best.is_complete, best.error
    name = f"ema {fast}/{slow}, {size // 1000}k bars, by {steps.value}"
    return [
        Figure(name, best.bars_per_second, "bars/s", owed, aim),
        Figure(f"{name}: orders", best.orders, "orders"),
        Figure(f"{name}: processor time", min(spent) / size * 1e6, "us/bar"),
    ]


def _plan(averages: tuple[int, int], table: BarTable, steps: Steps) -> Plan:
    wide = Decimal(10**15)
    fast, slow = averages
    return Plan(
        name="bench",
        tables=(table,),
        strategies=(load_strategy(SCRIPT, params={"fast": fast, "slow": slow}),),
        make_host=lua_factory(LuaLimits()),
        risk=RiskSection(initial_cash=CASH, max_position_size=wide, max_notional_exposure=wide),
        execution=ExecutionSection(slippage_bps=Decimal(0), taker_fee_bps=Decimal(10), maker_fee_bps=Decimal(10)),
        steps=steps,
    )


def _bars(size: int) -> BarTable:
    columns = _recorded() if RECORDED.is_file() else _walk()
    repeats = -(-size // len(columns[0]))
    tiled = [np.ascontiguousarray(np.tile(column, repeats)[:size]) for column in columns]
    return BarTable("BTCUSDT", "1m", BEGIN_NS + np.arange(size, dtype=np.int64) * MINUTE_NS, *tiled)


def _recorded() -> list[npt.NDArray[np.float64]]:
    values = np.loadtxt(RECORDED, delimiter=",", skiprows=1, usecols=range(1, 6))
    return [values[:, column] for column in range(5)]


def _walk() -> list[npt.NDArray[np.float64]]:
    closes = np.round(40_000 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.0005, 45_000))), 2)
    opens = np.concatenate([closes[:1], closes[:-1]])
    return [opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, np.ones(len(closes))]


def _peak_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024
