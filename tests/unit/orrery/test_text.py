"""Figures as people read them."""

import pytest

from orrery.view import text as t


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (7.9, "0:07"), (83, "1:23"), (3_723, "1:02:03"), (183_845, "2d 03:04:05")]
)
def test_duration(seconds: float, shown: str) -> None:
    assert t.duration(seconds) == shown


@pytest.mark.parametrize(("age", "shown"), [(None, "-"), (3, "3 ms"), (1_400, "1.4 s"), (125_000, "2:05")])
def test_age(age: int | None, shown: str) -> None:
    assert t.age(age) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (1234.5, "+1,234.50"), (-0.001, "0.00"), (0.004, "0.00"), (-1.2, "-1.20")]
)
def test_signed_money(value: float | None, shown: str) -> None:
    assert t.money(value, signed=True) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (60_123.125, "60,123.12"), (3.5, "3.5000"), (0.00001234, "0.00001234")]
)
def test_price(value: float | None, shown: str) -> None:
    assert t.price(value) == shown


def test_quantity_has_no_needless_zeros() -> None:
    assert [t.quantity(value) for value in (0.01, 1.0, 1_000.5, 0.0)] == ["0.01", "1", "1,000.5", "0"]


def test_counts_stay_short() -> None:
    assert [t.short_count(value) for value in (9_999_999, 12_345_678)] == ["9,999,999", "12.3M"]


def test_spread() -> None:
    assert t.spread_bps(99.99, 100.01) == "2.0"
    assert t.spread_bps(None, 1.0) == "-"
