"""What is kept of a backtest in `result.json`: all but its curves and trades, which lie beside it as CSV."""

from decimal import Decimal

import msgspec

from services.backtest.metrics import Metrics
from services.backtest.result import DataTier, Provenance, RunResult

BACKTESTS = "backtests"
RESULT, METRICS, REPORT = "result.json", "metrics.json", "report.html"
TRADES, EQUITY = "trades.csv", "equity.csv"
FORMAT = 1


class KeptRun(msgspec.Struct, frozen=True, kw_only=True):
    """A kept backtest. `id` is its folder's name; everything but `id`, `kept_ns` and `metrics` is the RunResult's."""

    id: str
    kept_ns: int
    name: str
    tier: DataTier
    strategies: tuple[str, ...]
    params: dict[str, dict[str, float | int | str | bool]]
    settings: dict[str, str]
    provenance: tuple[Provenance, ...]
    initial_cash: Decimal
    final_equity: Decimal
    bars: int
    intents: int
    orders: int
    fills: int
    refusals: int
    trades: int
    digest: str
    seconds: float
    bars_per_second: float
    is_complete: bool
    error: str
    metrics: Metrics
    format: int = FORMAT


def kept_run(run_id: str, kept_ns: int, result: RunResult, metrics: Metrics) -> KeptRun:
    """Return what is kept of a run."""
    return KeptRun(
        id=run_id,
        kept_ns=kept_ns,
        name=result.name,
        tier=result.tier,
        strategies=result.strategies,
        params=result.params,
        settings=result.settings,
        provenance=result.provenance,
        initial_cash=result.initial_cash,
        final_equity=result.final_equity,
        bars=result.bars,
        intents=result.intents,
        orders=result.orders,
        fills=result.fills,
        refusals=result.refusals,
        trades=len(result.trades),
        digest=result.digest,
        seconds=result.seconds,
        bars_per_second=result.bars_per_second,
        is_complete=result.is_complete,
        error=result.error,
        metrics=metrics,
    )
