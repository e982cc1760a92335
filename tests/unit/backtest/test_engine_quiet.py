"""What is not shown changes nothing: every quote shown or only those that matter, alone or beside another symbol."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.backtest.engine import run
from services.backtest.plan import Plan
from services.backtest.result import RunResult
from tests.unit.backtest.builders import EMA, plan, walk

KINDS = (
    "quantity = 1",
    "quantity = 1, stop_loss = 0.004, take_profit = 0.006",
    'quantity = 1, type = "limit", price = market_data.close * 0.999, stop_loss = 0.002',
    'quantity = 1, type = "limit", price = market_data.close * 1.001, take_profit = 0.003',
)
SHORT = EMA.replace("enter_long", "enter_short")


def variants(folder: Path, entry: str, seed: int, share: int) -> tuple[Plan, Plan]:
    """Return a plan that shows what matters, and one that shows everything."""
    source = (EMA if seed % 2 else SHORT).replace("quantity = 1", entry)
    quick = plan(folder, source, walk(400, seed), risk={"trailing_stop_percent": share}, execution={"taker_fee_bps": 3})
    return quick, replace(quick, shows_all=True)


def same(one: RunResult, other: RunResult) -> bool:
    """Return whether two runs did the same, to the byte."""
    return (one.digest, one.final_equity, one.trades, one.equity) == (
        other.digest,
        other.final_equity,
        other.trades,
        other.equity,
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entry=st.sampled_from(KINDS), seed=st.integers(0, 10_000), share=st.sampled_from((0, 0, 1)))
def test_quotes_that_move_nobody_change_nothing(tmp_path: Path, entry: str, seed: int, share: int) -> None:
    quick, whole = variants(tmp_path, entry, seed, share)
    assert same(run(quick), run(whole))


@pytest.mark.parametrize("entry", KINDS)
def test_a_symbol_alone_does_what_it_does_beside_another(tmp_path: Path, entry: str) -> None:
    alone, _ = variants(tmp_path, entry, 11, 0)
    together = replace(alone, tables=(*alone.tables, walk(400, 12, "ETHUSDT")))
    of_both = [trade for trade in run(together).trades if trade.symbol == "BTCUSDT"]
    assert of_both == list(run(alone).trades)
    assert of_both
