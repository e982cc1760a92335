"""Momentum: in while the market moves far enough in one direction, out when it turns; the stop follows."""

from math import sin

import numpy as np
import pytest

from tests.unit.strategies.support import bars_of, load, numbers, run

CLOSES = [100.0 + 12.0 * sin(number / 25.0) + 1.0 * sin(number / 3.0) for number in range(500)]


def expected(closes: list[float], threshold: float, *, short: bool) -> list[tuple[int, str]]:
    """Return what a plain loop over TA-Lib's ROC and ADX does."""
    talib = pytest.importorskip("talib")
    x = np.array(closes)
    orders, held = [], 0
    for number, (change, trend) in enumerate(zip(talib.ROC(x, 20), talib.ADX(x + 1, x - 1, x, 14), strict=True)):
        if number < 29 or np.isnan(change) or np.isnan(trend):
            continue
        if held and change * held < 0:
            orders.append((number, "exit sell" if held > 0 else "exit buy"))
            held = 0
        elif not held and trend >= 20 and (change > threshold or (short and change < -threshold)):
            held = 1 if change > 0 else -1
            orders.append((number, "entry buy" if held > 0 else "entry sell"))
    return orders


@pytest.mark.parametrize(("threshold", "short"), [(1.0, False), (1.0, True), (4.0, True)])
def test_it_trades_as_a_plain_loop_does(threshold: float, short: bool) -> None:
    orders, _ = run(load("momentum", threshold=threshold, allow_short=short), bars_of(CLOSES))
    assert numbers(orders) == expected(CLOSES, threshold, short=short)
    assert len(orders) > 4


def test_the_stop_follows_the_price_up_and_never_down() -> None:
    rising = [100.0 + number for number in range(45)]
    _, runner = run(load("momentum"), bars_of([*rising, 140.0]))
    assert runner["position"]["stop"] == "141.12"  # 2 % below 144


def test_a_market_that_stands_still_is_left_alone() -> None:
    orders, _ = run(load("momentum"), bars_of([100.0 + 0.2 * (number % 2) for number in range(120)]))
    assert orders == []
