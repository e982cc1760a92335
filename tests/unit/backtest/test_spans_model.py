"""Stepping by span and by bar are the same where a model is asked, and it sees nothing that lies ahead."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.backtest.bars_table import BarTable
from services.backtest.engine import BacktestRun
from services.backtest.plan import Plan, Steps
from services.signal.core.features.catalogue import FEATURES
from services.signal.core.indicators import register, unregister
from services.signal.core.model import MODEL, Model, model_kind
from tests.unit.backtest.builders import plan, walk
from tests.unit.strategies.support import FOLDER

SOURCE = (FOLDER / "ml_signal.lua").read_text()


def shares(vector: tuple[float, ...]) -> tuple[float, float, float]:
    """Return probabilities that depend on every feature."""
    up = sum(value * (17 + 13 * place % 29) for place, value in enumerate(vector)) % 1.0
    return (1.0 - up, 0.0, up)


@pytest.fixture(autouse=True)
def _model() -> Iterator[None]:
    register(MODEL, model_kind(Model("made", tuple(FEATURES), (-1.0, 0.0, 1.0), shares)))
    yield
    unregister(MODEL)


def outcome(of: Plan) -> tuple[Any, ...]:
    """Return all that a run leaves behind, except how long it took."""
    one = BacktestRun(of)
    result = one.run()
    return (result.error, result.orders, result.digest, result.trades, result.equity, *one.snapshots())


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_by_span_and_by_bar(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    made = plan(tmp_path_factory.mktemp("spans"), SOURCE, walk(150, seed), params={"allow_short": True})
    by_span, by_bar = (outcome(replace(made, steps=steps)) for steps in (Steps.SPAN, Steps.BAR))
    assert by_span == by_bar
    assert by_span[0] == ""
    assert by_span[1] > 0


def test_it_trades_and_the_bars_behind_change_nothing(tmp_path: Path) -> None:
    whole = walk(400, 5)
    cut = BarTable(**{name: part[:200] if name in COLUMNS else part for name, part in fields(whole).items()})
    long, short = (BacktestRun(plan(tmp_path, SOURCE, table)).run() for table in (whole, cut))
    assert len(short.trades) > 5
    assert long.trades[: len(short.trades) - 1] == short.trades[:-1]


COLUMNS = ("start_ns", "end_ns", "open", "high", "low", "close", "volume")


def fields(of: BarTable) -> dict[str, Any]:
    """Return the fields of a table."""
    return {name: getattr(of, name) for name in of.__dataclass_fields__ if of.__dataclass_fields__[name].init}
