"""Exact arithmetic: nothing is rounded unseen, and figures read the same for equal numbers."""

from decimal import Context, Decimal, getcontext, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.money import MONEY, begin_exact, decimal_of, end_exact, figure, ratio, use_money_context

D = Decimal
amounts = st.decimals(-(10**12), 10**12, places=12)


def test_the_context_is_the_same_whatever_it_was_before() -> None:
    with localcontext(Context(prec=3)):
        use_money_context()
        assert getcontext() is MONEY
        assert D("1.23456789") * D("9.87654321") == D("12.1932631112635269")


@given(amounts, amounts)
def test_sums_and_products_are_exact(one: Decimal, other: Decimal) -> None:
    use_money_context()
    begin_exact()
    assert Fraction(one * other + one) == Fraction(one) * Fraction(other) + Fraction(one)
    end_exact()


def test_rounding_is_a_bug() -> None:
    use_money_context()
    begin_exact()
    assert D(1) / D(3) > 0
    with pytest.raises(AssertionError, match="money was rounded"):
        end_exact()


@given(amounts, amounts.filter(bool))
def test_a_ratio_is_close_and_does_not_count_as_rounding(numerator: Decimal, denominator: Decimal) -> None:
    use_money_context()
    begin_exact()
    exact = Fraction(numerator) / Fraction(denominator)
    assert abs(Fraction(ratio(numerator, denominator)) - exact) <= abs(exact) / 10**19
    end_exact()


@pytest.mark.parametrize(
    ("value", "expected"), [(0.1, "0.1"), (60000.12, "60000.12"), (1e-8, "1E-8"), (100.0, "100.0")]
)
def test_a_float_is_the_decimal_that_was_meant(value: float, expected: str) -> None:
    assert str(decimal_of(value)) == expected


@given(amounts, st.integers(0, 6))
def test_equal_numbers_read_the_same(value: Decimal, zeros: int) -> None:
    use_money_context()
    padded = value * D(1).scaleb(-zeros) * D(10) ** zeros
    assert figure(padded) == figure(value)
    assert D(figure(value)) == value
    assert "E" not in figure(value)


@pytest.mark.parametrize(
    ("value", "expected"), [("-0.00", "0"), ("1E+3", "1000"), ("-1.500", "-1.5"), ("1E-9", "0.000000001")]
)
def test_figures_are_plain(value: str, expected: str) -> None:
    assert figure(D(value)) == expected
