from typing import Any

import numpy as np
import pytest

from services.backtest.bars_table import BarTable, BarTableError

MINUTE = 60_000_000_000


def table(rows: int = 4, **columns: Any) -> BarTable:
    given: dict[str, Any] = {
        "start_ns": np.arange(rows, dtype=np.int64) * MINUTE,
        "open": np.full(rows, 10.0),
        "high": np.full(rows, 12.0),
        "low": np.full(rows, 9.0),
        "close": np.full(rows, 11.0),
        "volume": np.zeros(rows),
    }
    return BarTable("BTCUSDT", "1m", **{**given, **columns})


def with_value(row: int, value: float) -> np.ndarray[Any, Any]:
    values = table().close.copy()
    values[row] = value
    return values


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"close": with_value(2, np.nan)}, "BTCUSDT: row 2: close: expected a positive number, found nan"),
        ({"open": with_value(1, -3.0)}, "BTCUSDT: row 1: open: expected a positive number, found -3.0"),
        ({"low": with_value(0, 0.0)}, "row 0: low: expected a positive number, found 0.0"),
        ({"volume": with_value(3, -1.0)}, "row 3: volume: expected a number of 0 or more"),
        ({"high": with_value(1, 10.5)}, "row 1: high: expected no less than open and close, found 10.5"),
        ({"low": with_value(1, 10.5) - [2, 0, 2, 2]}, "row 1: low: expected no more than open and close, found 10.5"),
        ({"close": np.ones(3)}, "close: expected 4 values of float64"),
        ({"close": np.ones(4, dtype=np.float32)}, "close: expected 4 values of float64"),
        ({"start_ns": np.array([0, 2, 1, 3]) * MINUTE}, "row 2: start_ns: expected a bar of 1m that begins after"),
        ({"start_ns": np.array([0, 1, 1, 3]) * MINUTE}, "row 2: start_ns: expected a bar of 1m that begins after"),
        ({"start_ns": np.arange(4) * (MINUTE // 2)}, "row 1: start_ns: expected a bar of 1m that begins after"),
    ],
)
def test_bad_bars_are_refused_with_their_place(columns: dict[str, Any], text: str) -> None:
    with pytest.raises(BarTableError, match=text):
        table(**columns)


def test_a_part_of_the_time_is_a_table_again() -> None:
    part = table().between(MINUTE, 3 * MINUTE)
    assert part.start_ns.tolist() == [MINUTE, 2 * MINUTE]
    assert part.end_ns.tolist() == [2 * MINUTE, 3 * MINUTE]
    assert len(table().between()) == 4
    assert len(table().between(3 * MINUTE, MINUTE)) == 0
    assert len(table().between(9 * MINUTE)) == 0


def test_gaps_are_allowed_and_counted() -> None:
    assert table().gaps == 0
    assert table(start_ns=np.array([0, 1, 3, 7]) * MINUTE).gaps == 2
