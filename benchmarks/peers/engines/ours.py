"""Our own engine: the backtest on bars, its strategy a Lua file, as `orrery backtest` would run it."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.peers.bars import COLUMNS
from benchmarks.peers.engines.run import CASH, FEE, Job, Outcome
from common.config.models import ExecutionSection, RiskSection
from services.backtest.bars_table import BarTable
from services.backtest.engine import run
from services.backtest.plan import Plan
from services.backtest.result import RunResult
from services.signal.hosts.lua import LuaLimits, lua_factory
from services.signal.loading import load_strategy

SCRIPT = Path(__file__).resolve().parents[2] / "ema_cross.lua"


class Case:
    def __init__(self, job: Job) -> None:
        columns = [job.bars[name] for name in COLUMNS]
        self._table = BarTable("BTCUSDT", "1m", job.bars["ts"], *columns)
        self._params = {"fast": job.fast, "slow": job.slow}

    def fresh(self) -> Callable[[], Any]:
        wide, fee = Decimal(10**15), Decimal(str(FEE)) * 10_000
        plan = Plan(
            name="bench",
            tables=(self._table,),
            strategies=(load_strategy(SCRIPT, params=self._params),),
            make_host=lua_factory(LuaLimits()),
            risk=RiskSection(initial_cash=Decimal(CASH), max_position_size=wide, max_notional_exposure=wide),
            execution=ExecutionSection(slippage_bps=Decimal(0), taker_fee_bps=fee, maker_fee_bps=fee),
        )
        return lambda: run(plan)

    def outcome(self, result: RunResult) -> Outcome:
        assert result.is_complete, result.error
        return Outcome(result.orders, len(result.trades), float(result.final_equity))
