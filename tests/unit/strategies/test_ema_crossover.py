"""EMA crossover: long exactly while the fast average is above the slow one."""

import csv
import gzip
from decimal import Decimal
from math import sin
from pathlib import Path

import numpy as np
import pytest

from tests.unit.strategies.support import bars_of, load, numbers, run

CLOSES = [100.0 + 10.0 * sin(number / 15.0) + 0.5 * sin(number / 2.0) for number in range(400)]


def expected(closes: list[float], fast: int, slow: int, *, short: bool = False) -> list[tuple[int, str]]:
    """Return what a plain loop over TA-Lib's averages does."""
    talib = pytest.importorskip("talib")
    quick, late = (talib.EMA(np.array(closes), period) for period in (fast, slow))
    orders, held = [], 0
    for number, (a, b) in enumerate(zip(quick, late, strict=True)):
        if np.isnan(a) or np.isnan(b):
            continue
        if held > 0 and a < b:
            orders.append((number, "exit sell"))
            held = 0
        elif held < 0 and a > b:
            orders.append((number, "exit buy"))
            held = 0
        elif held == 0 and (a > b or (a < b and short)):
            orders.append((number, "entry buy" if a > b else "entry sell"))
            held = 1 if a > b else -1
    return orders


@pytest.mark.parametrize(("fast", "slow", "short"), [(10, 20, False), (10, 20, True), (3, 40, True)])
def test_it_trades_as_a_plain_loop_does(fast: int, slow: int, short: bool) -> None:
    orders, _ = run(load("ema_crossover", fast=fast, slow=slow, allow_short=short), bars_of(CLOSES))
    assert numbers(orders) == expected(CLOSES, fast, slow, short=short)
    assert len(orders) > 6


def test_on_recorded_minutes(shared_data: Path) -> None:
    with gzip.open(shared_data / "history" / "btc_perp_1m_first_half.csv.gz", "rt") as file:
        closes = [float(row["close"]) for row in csv.DictReader(file)][:5_000]
    orders, _ = run(load("ema_crossover"), bars_of(closes))
    assert numbers(orders) == expected(closes, 10, 20)


def test_nothing_before_the_slow_average_is_warm() -> None:
    orders, _ = run(load("ema_crossover"), bars_of([100.0 + number for number in range(25)]))
    assert numbers(orders) == [(19, "entry buy")]


def test_size_and_stop() -> None:
    (entry,), _ = run(load("ema_crossover"), bars_of([100.0 + number for number in range(20)]))
    assert (entry.quantity, entry.reference_price) == (Decimal("5.000"), Decimal("119.00"))
    assert entry.stop_price == Decimal("116.62")
    (entry,), _ = run(load("ema_crossover", notional=100), bars_of([100.0 + number for number in range(20)]))
    assert entry.quantity == Decimal("0.840")
