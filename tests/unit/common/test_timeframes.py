"""Bar lengths have one name and one length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.timeframes import timeframe_name, timeframe_ns


@pytest.mark.parametrize(
    ("name", "length_ns"),
    [
        ("250ms", 250_000_000),
        ("1s", 10**9),
        ("1m", 60 * 10**9),
        ("4h", 14_400 * 10**9),
        ("1d", 86_400 * 10**9),
        ("1w", 604_800 * 10**9),
    ],
)
def test_names_and_lengths(name: str, length_ns: int) -> None:
    assert timeframe_ns(name) == length_ns
    assert timeframe_name(length_ns) == name


@pytest.mark.parametrize("name", ["", "1", "m", "0m", "1.5m", "-1m", "1 m", "1M", "01m", "1mm"])
def test_what_is_no_timeframe_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"timeframe '{name}': expected"):
        timeframe_ns(name)


@given(st.integers(1, 10**9))
def test_every_length_in_milliseconds_has_a_name(milliseconds: int) -> None:
    assert timeframe_ns(timeframe_name(milliseconds * 1_000_000)) == milliseconds * 1_000_000


@pytest.mark.parametrize("length_ns", [0, 1, 999_999, 1_500_000])
def test_less_than_a_millisecond_has_no_name(length_ns: int) -> None:
    with pytest.raises(ValueError, match="expected whole milliseconds"):
        timeframe_name(length_ns)
