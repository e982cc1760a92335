"""Range breakout: in on a close above the range with volume, out below the lower range."""

from decimal import Decimal

import pytest

from tests.unit.strategies.support import bars_of, load, numbers, run

QUIET = [100.0] * 21


def test_a_close_above_the_range_with_volume_is_bought() -> None:
    closes = [*QUIET, 103.0, 104.0]
    volumes = [10.0] * 21 + [30.0, 10.0]
    (entry,), runner = run(load("range_breakout"), bars_of(closes, volume=volumes))
    assert numbers([entry]) == [(21, "entry buy")]
    assert (entry.stop_price, entry.target_price) == (Decimal("100.94"), Decimal("109.18"))
    assert (runner["context"]["signal"], runner["context"]["ceiling"]) == ("breakout", 101.0)


@pytest.mark.parametrize(("close", "volume"), [(103.0, 10.0), (101.0, 30.0), (100.5, 30.0)])
def test_without_volume_or_within_the_range_nothing_happens(close: float, volume: float) -> None:
    orders, _ = run(load("range_breakout"), bars_of([*QUIET, close], volume=[10.0] * 21 + [volume]))
    assert orders == []


def test_the_current_bar_is_not_part_of_its_own_range() -> None:
    closes = [*QUIET, 103.0]
    (entry,), _ = run(load("range_breakout"), bars_of(closes, volume=[10.0] * 21 + [30.0]))
    assert entry.reference_price == Decimal("103.00")


def test_it_leaves_below_the_low_of_the_last_bars() -> None:
    closes = [*QUIET, 103.0, *[104.0] * 9, 102.5, 101.4]
    volumes = [10.0] * 21 + [30.0] + [10.0] * 11
    orders, _ = run(load("range_breakout", exit_range=5), bars_of(closes, volume=volumes))
    assert numbers(orders) == [(21, "entry buy"), (31, "exit sell")]
    assert orders[1].reason == "below the low of the range"


def test_the_volume_factor() -> None:
    bars = bars_of([*QUIET, 103.0], volume=[10.0] * 21 + [30.0])
    assert run(load("range_breakout", volume_factor=4), bars)[0] == []
    assert len(run(load("range_breakout", volume_factor=2), bars)[0]) == 1
