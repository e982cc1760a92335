"""What the tests of the example strategies share: a strategy run over closes, and what it did."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.messages import AnyMessage, Bar, OrderIntent
from services.signal.core.spec import StrategySpec
from services.signal.loading import load_strategy
from tests.unit.signal.support import bar, intents, lua_core, runner_spec, trade

FOLDER = Path(__file__).resolve().parents[3] / "strategies"


def load(name: str, **params: Any) -> StrategySpec:
    """Return an example strategy with parameters overridden."""
    return load_strategy(FOLDER / f"{name}.lua", params=params)


def run(spec: StrategySpec, bars: Sequence[Bar]) -> tuple[list[OrderIntent], dict[str, Any]]:
    """Return the intents of a strategy over bars, each filled at once, and how its runner stands afterwards."""
    core = lua_core(runner_spec(spec))
    said: list[AnyMessage] = trade(core, bars)
    (runner,) = core.status()["runners"]
    assert runner["errors"] == 0, runner["last_error"]
    return intents(said), runner


def bars_of(closes: Sequence[float], **columns: Sequence[float]) -> list[Bar]:
    """Return bars of closes; columns replace other fields, bar by bar."""
    return [
        bar(number, close, **{name: column[number] for name, column in columns.items()})
        for number, close in enumerate(closes)
    ]


def numbers(orders: Sequence[OrderIntent]) -> list[tuple[int, str]]:
    """Return (bar number, kind and side) of each intent."""
    return [(int(order.cause.rpartition(":")[2]) // 60_000_000_000, f"{order.kind} {order.side}") for order in orders]
