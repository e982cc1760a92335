"""The form of an indicator for many bars gives the values and the state of the form for one, to the bit."""

import csv
import gzip
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.signal.core.ahead import update_many
from services.signal.core.indicator import Indicator, checked
from services.signal.core.indicators import BUILT_IN, REGISTRY

FIELDS = ("open", "high", "low", "close", "volume")
CHOICES = (2, 3, 5, 14)
PRICES = st.floats(1e-6, 1e9) | st.sampled_from((100.0, 100.01, 99.99, 250.0))


def made(name: str, choice: int) -> Indicator:
    """Return an indicator; where it has several parameters, they grow."""
    kind = REGISTRY[name]
    given_ = [
        min(max(choice + 3 * number, parameter.minimum), parameter.maximum)
        for number, parameter in enumerate(kind.PARAMETERS)
    ]
    return kind(*checked(name, kind.PARAMETERS, given_))


def one_by_one(indicator: Indicator, columns: list[list[float]]) -> list[Any]:
    return [indicator.update(*values) for values in zip(*columns, strict=True)]


def assert_same(name: str, choice: int, columns: list[list[float]], cuts: list[int]) -> None:
    """Compare both forms; the one for many is given the bars in pieces."""
    single, many = made(name, choice), made(name, choice)
    found: list[Any] = []
    edges = sorted({0, len(columns[0]), *(min(cut, len(columns[0])) for cut in cuts)})
    for begin, end in pairwise(edges):
        found += update_many(many, [column[begin:end] for column in columns])
    assert found == one_by_one(single, columns)
    assert (many.state(), many.value) == (single.state(), single.value)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
@given(
    bars=st.lists(st.tuples(PRICES, PRICES, PRICES), max_size=60),
    choice=st.sampled_from(CHOICES),
    cuts=st.lists(st.integers(0, 60), max_size=2),
)
def test_random_bars(name: str, bars: list[tuple[float, float, float]], choice: int, cuts: list[int]) -> None:
    fields: dict[str, list[float]] = {
        "high": [max(bar) for bar in bars],
        "low": [min(bar) for bar in bars],
        "close": [bar[0] for bar in bars],
        "open": [bar[1] for bar in bars],
        "volume": [bar[2] for bar in bars],
        "start_ns": [hour * 3_600_000_000_000 for hour in range(len(bars))],
    }
    assert_same(name, choice, [fields[field] for field in REGISTRY[name].INPUTS], cuts)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_recorded_bars(name: str, shared_data: Path) -> None:
    with gzip.open(shared_data / "history" / "btc_perp_1m_first_half.csv.gz", "rt") as lines:
        rows = [row for _, row in zip(range(5_000), csv.DictReader(lines), strict=False)]
    fields = {field: [float(row[field]) for row in rows] for field in FIELDS}
    fields["start_ns"] = [minute * 60_000_000_000 for minute in range(len(rows))]
    columns = [fields[field] for field in REGISTRY[name].INPUTS]
    assert_same(name, 14, columns, [4, 1_000, 4_096])
