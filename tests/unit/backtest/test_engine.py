"""The engine as a whole: agreement with a loop that knows nothing of it, several symbols, warm-up, faults, digests."""

import gzip
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from services.backtest.bars_table import BarTable
from services.backtest.engine import run
from services.backtest.plan import Plan, PlanError
from services.signal.loading import load_strategy
from tests.unit.backtest.builders import EMA, MINUTE, ONCE, T0, plan, table, walk

LONG = 'action = "enter_long", quantity = 2'


def averages(closes: list[float], period: int) -> list[float | None]:
    """Return the exponential average that begins with the mean of the first `period` closes."""
    found: list[float | None] = [None] * (period - 1)
    value = sum(closes[:period]) / period
    found.append(value)
    for close in closes[period:]:
        value += 2 / (period + 1) * (close - value)
        found.append(value)
    return found


def reference(bars: BarTable, cash: float, fee: float) -> tuple[int, float]:
    """Return orders and final equity of the crossover by a loop of its own."""
    opens, closes = bars.open.tolist(), bars.close.tolist()
    held = wanted = orders = 0
    for open_, fast, slow in zip(opens, averages(closes, 10), averages(closes, 20), strict=True):
        if wanted != held:
            cash -= (wanted - held) * open_ + fee * open_
            held, orders = wanted, orders + 1
        if fast is not None and slow is not None:
            wanted = 1 if held == 0 and fast > slow else 0 if held == 1 and fast < slow else held
    return orders, cash + held * closes[-1]


def test_the_crossover_equals_a_plain_loop_to_the_cent(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "history" / "btc_perp_1m_first_half.csv.gz"
    with gzip.open(path, "rt") as lines:
        values = np.loadtxt(lines, delimiter=",", skiprows=1, usecols=range(1, 6), max_rows=12_000)
    columns = [np.ascontiguousarray(values[:, column]) for column in range(5)]
    bars = BarTable("BTCUSDT", "1m", T0 + np.arange(len(values), dtype=np.int64) * MINUTE, *columns)
    result = run(plan(tmp_path, EMA, bars, execution={"taker_fee_bps": 10}))
    orders, equity = reference(bars, 1e8, 0.001)
    assert result.orders == result.fills == orders > 500
    assert abs(float(result.final_equity) - equity) < 0.005
    assert result.bars == len(result.equity) == 12_000
    assert result.equity[-1].equity == pytest.approx(equity, abs=0.005)


def test_equity_is_known_at_the_end_of_every_bar(tmp_path: Path) -> None:
    bars = table(*[(100.0, 101.0, 99.0, 100.0)] * 3, (102.0, 104.0, 101.0, 103.0), (103.0, 106.0, 102.0, 105.0))
    points = run(plan(tmp_path, ONCE % LONG, bars)).equity
    assert [point.time_ns for point in points] == [T0 + MINUTE * number for number in range(1, 6)]
    assert [point.equity - 1e8 for point in points] == [0, 0, 0, 2, 6]
    assert [point.exposure for point in points] == [0, 0, 0, 206, 210]


def test_profits_of_all_trades_are_the_change_of_the_account(tmp_path: Path) -> None:
    strategies = EMA.replace("quantity = 1", "quantity = 3, stop_loss = 0.004, take_profit = 0.006")
    result = run(plan(tmp_path, strategies, walk(3_000, 7), execution={"taker_fee_bps": 5, "slippage_bps": 2}))
    reasons = {trade.exit_reason for trade in result.trades}
    assert reasons == {"stop", "target", "crossed"}
    assert sum(trade.fees for trade in result.trades) == pytest.approx(result.fees, rel=Decimal("0.01"))
    left = result.final_equity - result.initial_cash - sum(trade.pnl for trade in result.trades)
    assert abs(left) < 10  # the position that is still open
    assert float(result.final_equity) == pytest.approx(result.equity[-1].equity, abs=1e-6)


def test_several_symbols_and_strategies_share_an_account(tmp_path: Path) -> None:
    tables = (walk(800, 1), walk(800, 2, "ETHUSDT"))
    both = plan(tmp_path, EMA, *tables)
    other = tmp_path / "other.lua"
    other.write_text(ONCE % LONG)
    result = run(
        Plan(
            name="two", tables=tables, strategies=(*both.strategies, load_strategy(other)), make_host=both.make_host,
            risk=both.risk, execution=both.execution,
        )
    )  # fmt: skip
    assert {trade.symbol for trade in result.trades} == {"BTCUSDT", "ETHUSDT"}
    assert (result.bars, len(result.equity)) == (1_600, 800)
    assert set(result.closes) == {"BTCUSDT", "ETHUSDT"}
    assert float(result.final_equity) == pytest.approx(result.equity[-1].equity, abs=1e-6)
    alone = [run(plan(tmp_path, EMA, bars)) for bars in tables]
    of_ema = [trade for trade in result.trades if trade.strategy == "ema"]
    assert sum(trade.pnl for trade in of_ema) == sum(trade.pnl for one in alone for trade in one.trades)


def test_bars_before_the_start_warm_indicators_and_trade_nothing(tmp_path: Path) -> None:
    bars = walk(600, 3)
    start_ns = int(bars.start_ns[200])
    result = run(plan(tmp_path, EMA, bars, start_ns=start_ns, end_ns=int(bars.start_ns[500])))
    assert result.bars == len(result.equity) == 300
    assert result.equity[0].time_ns == start_ns + MINUTE
    assert min(trade.entry_ns for trade in result.trades) < start_ns + 20 * MINUTE, "indicators were warm at once"
    assert min(trade.entry_ns for trade in result.trades) > start_ns


def test_a_strategy_that_errs_is_paused_and_what_it_did_is_kept(tmp_path: Path) -> None:
    source = EMA.replace(
        "if indicators.ema(10) <", "if market_data.timestamp > %d then error('broken') end if indicators.ema(10) <"
    )
    result = run(plan(tmp_path, source % ((T0 + 300 * MINUTE) // 10**9), walk(600, 4)))
    assert result.is_complete
    assert result.bars == 600
    assert "broken" in result.error
    assert "paused" in result.error
    assert result.trades


def test_a_fault_in_a_core_ends_the_run_and_keeps_the_rest(tmp_path: Path) -> None:
    whole = plan(tmp_path, EMA, walk(600, 4))

    def fail_at_300(done: int, _total: int) -> None:
        if done:
            raise RuntimeError("out of order")

    result = run(plan(tmp_path, EMA, walk(6_000, 4)), fail_at_300)
    assert not result.is_complete
    assert "RuntimeError: out of order" in result.error
    assert 0 < result.bars == len(result.equity) < 6_000
    assert run(whole).is_complete


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    run(plan(tmp_path, EMA, walk(4_000, 4)), lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert told[-1] == (4_000, 4_000)


def test_limits_of_risk_apply(tmp_path: Path) -> None:
    result = run(plan(tmp_path, EMA, walk(600, 4), risk={"max_position_size": Decimal("0.5")}))
    assert result.orders == 0
    assert result.refusals == result.intents > 0


def test_another_process_with_another_hash_seed_gives_the_same_digest(tmp_path: Path, project_root: Path) -> None:
    code = (
        "import pathlib, sys; from tests.unit.backtest.builders import *; from services.backtest.engine import run;"
        "print(run(plan(pathlib.Path(sys.argv[1]), EMA, walk(600, 5), walk(600, 6, 'ETHUSDT'))).digest)"
    )
    (tmp_path / "other").mkdir()
    found = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "other")], cwd=project_root, capture_output=True, text=True,
        env={**os.environ, "PYTHONHASHSEED": "4711"}, check=True,
    )  # fmt: skip
    here = run(plan(tmp_path, EMA, walk(600, 5), walk(600, 6, "ETHUSDT")))
    assert found.stdout.strip() == here.digest
    assert msgspec.json.encode(here.trades)


def test_a_plan_that_cannot_run_says_why(tmp_path: Path) -> None:
    bars = walk(10, 1)
    with pytest.raises(PlanError, match="BTCUSDT: expected bars between start and end, found none"):
        plan(tmp_path, EMA, bars, start_ns=T0 + 10**18)
    with pytest.raises(PlanError, match="symbol: expected each once, found BTCUSDT again"):
        plan(tmp_path, EMA, bars, bars)
    with pytest.raises(PlanError, match="one quote currency, found BTC, USDT"):
        plan(tmp_path, EMA, bars, walk(10, 1, "ETHBTC"))
    with pytest.raises(PlanError, match="expected a strategy for BTCUSDT, found none"):
        plan(tmp_path, EMA.replace('"ema",', '"ema", symbols = { "ETHUSDT" },'), bars)
