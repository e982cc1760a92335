"""Strategies that leave the quantity to risk, in backtests: every model trades, and shortcuts change nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.backtest.engine import run
from tests.unit.backtest.builders import EMA, plan, walk

MODELS: tuple[dict[str, Any], ...] = (
    {"model": "fixed", "quantity": 2},
    {"model": "percent_of_equity", "equity_percent": 10},
    {"model": "risk_per_trade", "risk_percent": 1},
    {"model": "volatility_target", "volatility_sample_ms": 60_000, "volatility_horizon_ms": 3_600_000},
    {"model": "kelly", "kelly_win_rate": "0.6", "kelly_payoff": 2},
)
OPEN = "stop_loss = 0.01, risk = 0.005"


@pytest.mark.parametrize("sizing", MODELS, ids=lambda sizing: sizing["model"])
def test_every_model_trades_and_shortcuts_change_nothing(tmp_path: Path, sizing: dict[str, Any]) -> None:
    source = EMA.replace("quantity = 1", OPEN)
    quick = plan(tmp_path, source, walk(400, 7), walk(400, 8, "ETHUSDT"), risk={"sizing": sizing})
    result, whole = run(quick), run(replace(quick, shows_all=True))
    assert (result.digest, result.final_equity, result.trades) == (whole.digest, whole.final_equity, whole.trades)
    assert len(result.trades) > 5
    if sizing["model"] != "fixed":
        assert len({trade.quantity for trade in result.trades}) > 5


def test_a_strategy_without_a_quantity_and_without_a_model_is_refused(tmp_path: Path) -> None:
    result = run(plan(tmp_path, EMA.replace("quantity = 1", OPEN), walk(200, 7)))
    assert not result.trades
    assert result.refusals > 0
