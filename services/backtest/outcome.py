"""What both kinds of run, on bars and on recorded events, do alike: hold runners back, and say what came of it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from common.clock import monotonic_ns
from common.core import Core
from common.messages import OperatorCommand
from common.routes import SIGNAL
from services.backtest.accounting import Accounting
from services.backtest.event_plan import EventPlan
from services.backtest.plan import Plan
from services.backtest.result import DataTier, EquityPoint, RunResult
from services.signal.core.spec import RunnerSpec


class Ending(NamedTuple):
    """How a run stood at its end. times: of the equity curve, nanoseconds UTC; closes: the symbols' prices at them.

    venue: the execution core's status of its venue. began_ns: by the monotonic clock. error: what ended the run, if
    anything did; is_complete: whether it came to its end all the same.
    """

    tier: DataTier
    bars: int
    times: npt.NDArray[np.int64]
    closes: Mapping[str, npt.NDArray[np.float64]]
    final_equity: Decimal
    venue: Mapping[str, Any]
    began_ns: int
    error: str
    is_complete: bool


def tell_runners(signal: Core, runners: Sequence[RunnerSpec], name: str, now_ns: int) -> None:
    """Give every runner an operator's command, such as `runner.pause`."""
    for runner in runners:
        command = OperatorCommand(
            id=f"{name}:{runner.id}",
            service=SIGNAL,
            name=name,
            arguments={"runner": runner.id},
            event_ns=now_ns,
            received_ns=now_ns,
        )
        signal.handle(command, now_ns)


def result_of(plan: Plan | EventPlan, accounting: Accounting, end: Ending) -> RunResult:
    """Return what came of a run."""
    equity, exposure = accounting.curve(end.times, end.closes)
    seconds = (monotonic_ns() - end.began_ns) / 1e9
    return RunResult(
        name=plan.name,
        tier=end.tier,
        strategies=tuple(strategy.name for strategy in plan.strategies),
        params={strategy.name: dict(strategy.params) for strategy in plan.strategies},
        settings=plan.settings,
        provenance=plan.provenance,
        initial_cash=plan.initial_cash,
        final_equity=end.final_equity,
        bars=end.bars,
        intents=accounting.intents,
        orders=accounting.orders,
        fills=accounting.fills,
        refusals=accounting.refusals,
        fees=accounting.fees,
        slippage_paid=sum((Decimal(paid) for paid in end.venue["slippage_paid"].values()), Decimal(0)),
        turnover=accounting.turnover,
        trades=tuple(accounting.trades.closed),
        equity=tuple(map(EquityPoint, end.times.tolist(), equity.tolist(), exposure.tolist())),
        closes={symbol: tuple(column.tolist()) for symbol, column in end.closes.items()},
        digest=accounting.digest,
        seconds=seconds,
        bars_per_second=end.bars / seconds,
        is_complete=end.is_complete,
        error=end.error,
    )
