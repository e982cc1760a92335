"""RSI mean reversion: in below 30, out above 50."""

from decimal import Decimal
from math import sin

import numpy as np
import pytest

from tests.unit.strategies.support import bars_of, load, numbers, run

CLOSES = [100.0 + 8.0 * sin(number / 11.0) + 2.0 * sin(number / 3.0) for number in range(400)]


def expected(closes: list[float], period: int, low: float, high: float) -> list[tuple[int, str]]:
    """Return what a plain loop over TA-Lib's RSI does."""
    talib = pytest.importorskip("talib")
    orders, held = [], False
    for number, rsi in enumerate(talib.RSI(np.array(closes), period)):
        if held and rsi > high:
            orders.append((number, "exit sell"))
            held = False
        elif not held and rsi < low:
            orders.append((number, "entry buy"))
            held = True
    return orders


@pytest.mark.parametrize(("period", "low", "high"), [(14, 30, 50), (5, 20, 70)])
def test_it_trades_as_a_plain_loop_does(period: int, low: float, high: float) -> None:
    spec = load("rsi_mean_reversion", period=period, oversold=low, exit_above=high)
    orders, _ = run(spec, bars_of(CLOSES))
    assert numbers(orders) == expected(CLOSES, period, low, high)
    assert len(orders) > 6


def test_reasons_and_levels() -> None:
    orders, runner = run(load("rsi_mean_reversion"), bars_of([100.0 - number for number in range(16)] + [110.0]))
    assert numbers(orders) == [(14, "entry buy"), (16, "exit sell")]
    assert orders[0].stop_price == Decimal("83.42")
    assert orders[1].reason.startswith("RSI back at ")
    assert runner["context"]["signal"] == "oversold"


def test_a_rising_market_is_left_alone() -> None:
    orders, _ = run(load("rsi_mean_reversion"), bars_of([100.0 + number for number in range(60)]))
    assert orders == []
