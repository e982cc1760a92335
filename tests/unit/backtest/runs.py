"""Runs made up for tests: an account that follows given values."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from services.backtest.result import ClosedTrade, DataTier, EquityPoint, Provenance, RunResult

MINUTE_NS = 60_000_000_000
DAY_NS = 86_400_000_000_000
START_NS = 1_700_006_400_000_000_000
"""2023-11-15 00:00 UTC."""


def wave(length: int, seed: int = 1) -> list[float]:
    """Return prices that wander without a generator of chance: sums of waves of unrelated lengths."""
    return [
        20_000.0
        + 900 * math.sin(n / 37.1 + seed)
        + 300 * math.sin(n / 5.3 + 2 * seed)
        + 120 * math.sin(n * 1.7 + seed)
        + n * 0.4
        for n in range(length)
    ]


def trade(number: int, pnl: str, strategy: str = "ema", **changes: Any) -> ClosedTrade:
    entry_ns = START_NS + number * 10 * MINUTE_NS
    made = ClosedTrade(
        runner=f"{strategy}:BTCUSDT",
        strategy=strategy,
        symbol="BTCUSDT",
        side="BUY" if number % 2 == 0 else "SELL",
        quantity=Decimal("0.5"),
        entry_ns=entry_ns,
        entry_price=Decimal("20000.10"),
        exit_ns=entry_ns + 5 * MINUTE_NS,
        exit_price=Decimal("20010.20"),
        pnl=Decimal(pnl),
        fees=Decimal("1.25"),
        bars_held=5,
        entry_reason="crossed",
        exit_reason="crossed back",
    )
    return msgspec.structs.replace(made, **changes)


def run(values: Sequence[float], step_ns: int = MINUTE_NS, **changes: Any) -> RunResult:
    """Return a run whose equity takes these values, one a step, from 100 000 of cash."""
    times = [START_NS + (n + 1) * step_ns for n in range(len(values))]
    equity = tuple(
        EquityPoint(t, v, v / 2 if n % 2 else 0.0) for n, (t, v) in enumerate(zip(times, values, strict=True))
    )
    result = RunResult(
        name="ema_crossover",
        tier=DataTier.BARS,
        strategies=("ema",),
        params={"ema": {"fast": 10, "slow": 20, "mode": "close", "is_quick": True, "k": 0.1}},
        settings={"cash": "100000", "fee": "0.001"},
        provenance=(
            Provenance(
                file="btc.csv",
                sha256="ab" * 32,
                symbol="BTCUSDT",
                timeframe="1m",
                start_ns=START_NS,
                end_ns=times[-1] if times else START_NS,
                rows=len(values),
                notes=("2 duplicates dropped",),
            ),
        ),
        initial_cash=Decimal(100_000),
        final_equity=Decimal(repr(values[-1])) if values else Decimal(100_000),
        bars=len(values),
        intents=4,
        orders=4,
        fills=4,
        refusals=0,
        fees=Decimal("2.50"),
        slippage_paid=Decimal("0.75"),
        turnover=Decimal(40_000),
        trades=(),
        equity=equity,
        closes={"BTCUSDT": tuple(wave(len(values)))} if values else {},
        digest="0123456789abcdef" * 4,
        seconds=0.5,
        bars_per_second=len(values) / 0.5,
    )
    return msgspec.structs.replace(result, **changes)
