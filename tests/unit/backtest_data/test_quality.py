"""Rows that no bar can be made of are refused with their place, left out, or filled; the report says which and how many."""

import contextlib
import dataclasses

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.backtest.data_quality import Problem, QualityReport, moment
from services.backtest.on_bad import OnBad
from services.backtest.quality import QualityError, RawBars, checked, inferred_timeframe

MINUTE = 60_000_000_000


def raw(minutes: list[int], close: list[float] | None = None) -> RawBars:
    """Return bars at minutes, closing at their number from 1 where nothing else is said, a unit high and low."""
    closes = np.array(close or [float(number) for number in range(1, len(minutes) + 1)])
    return RawBars(
        row=np.arange(len(minutes)),
        start_ns=np.array(minutes, dtype=np.int64) * MINUTE,
        open=closes,
        high=closes + 0.5,
        low=closes - 0.5,
        close=closes,
        volume=np.ones(len(minutes)),
    )


def changed(bars: RawBars, column: str, row: int, value: float) -> RawBars:
    values = getattr(bars, column).copy()
    values[row] = value
    return dataclasses.replace(bars, **{column: values})


DAMAGED = {
    Problem.DISORDERED: raw([0, 1, 3, 2, 4]),
    Problem.DUPLICATED: raw([0, 1, 2, 2, 3]),
    Problem.OVERLAPPING: changed(raw([0, 1, 2, 3, 5]), "start_ns", 3, 2 * MINUTE + 1),
    Problem.NOT_A_NUMBER: changed(raw([0, 1, 2, 3, 4]), "close", 3, float("nan")),
    Problem.NOT_POSITIVE: changed(raw([0, 1, 2, 3, 4]), "low", 3, -1.0),
    Problem.NOT_ENCLOSING: changed(raw([0, 1, 2, 3, 4]), "high", 3, 3.9),
}


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (Problem.DISORDERED, "time: expected a time after 1970-01-01T00:03:00Z, found 1970-01-01T00:02:00Z"),
        (Problem.DUPLICATED, "time: expected a time after 1970-01-01T00:02:00Z, found 1970-01-01T00:02:00Z"),
        (Problem.OVERLAPPING, "time: expected a time from 1970-01-01T00:03:00Z, the end of the bar before, found"),
        (Problem.NOT_A_NUMBER, "close: expected a number, found nan"),
        (Problem.NOT_POSITIVE, "low: expected a number above 0, found -1.0"),
        (Problem.NOT_ENCLOSING, "high: expected at least open and close, found open 4.0, high 3.9, low 3.5, close 4.0"),
    ],
)
def test_error_names_row_column_expected_and_found(problem: Problem, message: str) -> None:
    with pytest.raises(QualityError) as caught:
        checked(DAMAGED[problem], "X", "1m", OnBad.ERROR)
    assert caught.value.row == 3
    assert str(caught.value).startswith(message)


def test_the_first_of_several_bad_rows_is_named() -> None:
    bars = changed(changed(raw([0, 1, 2, 2, 3]), "open", 1, float("inf")), "volume", 2, -1.0)
    with pytest.raises(QualityError, match="open: expected a number, found inf"):
        checked(bars, "X", "1m", OnBad.ERROR)
    with pytest.raises(QualityError, match=r"volume: expected a number of 0 or more, found -1\.0"):
        checked(bars.take(np.array([0, 2, 3])), "X", "1m", OnBad.ERROR)


@pytest.mark.parametrize("problem", Problem)
def test_drop_leaves_out_what_is_bad_and_says_so(problem: Problem) -> None:
    table, report = checked(DAMAGED[problem], "X", "1m", OnBad.DROP)
    sorted_only = problem is Problem.DISORDERED
    assert len(table) == report.bars_kept == (5 if sorted_only else 4)
    finding = report.findings[0]
    assert (finding.problem, finding.rows, finding.first_row) == (problem, 1, 3)
    assert finding.action == ("sorted" if sorted_only else finding.action)
    assert any(problem.value in note for note in report.notes())


def test_of_bars_at_one_time_the_first_good_one_stays() -> None:
    bars = changed(raw([0, 1, 1, 1, 2]), "close", 1, float("nan"))
    table, _ = checked(bars, "X", "1m", OnBad.DROP)
    assert table.close.tolist() == [1.0, 3.0, 5.0]


def test_newest_first_is_sorted() -> None:
    table, report = checked(raw([4, 3, 2, 1, 0]), "X", "1m", OnBad.DROP)
    assert table.close.tolist() == [5.0, 4.0, 3.0, 2.0, 1.0]
    assert report.findings[0].rows == 4


def test_fill_repeats_the_close_where_bars_are_missing() -> None:
    bars = changed(changed(raw([0, 1, 2, 5]), "close", 1, float("nan")), "volume", 2, float("nan"))
    table, report = checked(bars, "X", "1m", OnBad.FILL)
    assert (table.start_ns // MINUTE).tolist() == [0, 1, 2, 3, 4, 5]
    assert table.close.tolist() == [1.0, 1.0, 3.0, 3.0, 3.0, 4.0]
    assert table.high.tolist() == [1.5, 1.0, 3.5, 3.0, 3.0, 4.5]
    assert table.volume.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    assert (report.bars_filled, report.bars_missing, report.bars_kept) == (3, 3, 6)


def test_gaps_are_reported_whatever_the_policy() -> None:
    table, report = checked(raw([0, 1, 5, 6, 8]), "X", "1m", OnBad.ERROR)
    assert table.gaps == report.gaps == 2
    assert report.bars_missing == 4
    assert report.notes() == (
        "2 gaps, 4 bars of 1m missing; the longest from 1970-01-01T00:02:00Z to 1970-01-01T00:05:00Z",
    )


def test_a_gap_too_long_to_fill_is_refused() -> None:
    with pytest.raises(QualityError, match="at most 5000000 missing bars of 1m to fill, found 9999999"):
        checked(raw([0, 10_000_000]), "X", "1m", OnBad.FILL)


def test_nothing_left_is_refused() -> None:
    bars = raw([0, 1], [-1.0, -2.0])
    with pytest.raises(QualityError, match="expected bars, found none that is left of 2 rows"):
        checked(bars, "X", "1m", OnBad.DROP)


def test_the_timeframe_is_the_most_common_step() -> None:
    assert inferred_timeframe(raw([0, 5, 10, 11, 15, 30, 35]).start_ns) == "5m"
    assert inferred_timeframe(raw([9, 6, 3]).start_ns) == "3m"
    with pytest.raises(QualityError, match="at least two bars"):
        inferred_timeframe(raw([3]).start_ns)
    with pytest.raises(QualityError, match="whole milliseconds apart, found 1500 ns"):
        inferred_timeframe(np.array([0, 1_500]))


def test_moments_are_iso_without_empty_fractions() -> None:
    assert moment(0) == "1970-01-01T00:00:00Z"
    assert moment(1_700_000_000_120_000_000) == "2023-11-14T22:13:20.12Z"


def test_the_report_is_json() -> None:
    _, report = checked(DAMAGED[Problem.NOT_POSITIVE], "X", "1m", OnBad.DROP)
    assert msgspec.json.decode(msgspec.json.encode(report), type=QualityReport) == report


VALUES = st.sampled_from([float("nan"), float("inf"), -1.0, 0.0, 1.0, 2.0, 3.0])


@st.composite
def damaged_bars(draw: st.DrawFn) -> RawBars:
    """Return bars with anything wrong with them, at times of whole and half minutes."""
    count = draw(st.integers(1, 12))
    columns = {
        name: np.array(draw(st.lists(VALUES, min_size=count, max_size=count)))
        for name in ("open", "high", "low", "close", "volume")
    }
    halves = draw(st.lists(st.integers(0, 40), min_size=count, max_size=count))
    return RawBars(row=np.arange(count), start_ns=np.array(halves) * (MINUTE // 2), **columns)


@given(bars=damaged_bars())
def test_strict_takes_all_rows_or_none(bars: RawBars) -> None:
    # The table checks itself: making one at all is the proof.
    with contextlib.suppress(QualityError):
        table, report = checked(bars, "X", "1m", OnBad.ERROR)
        assert len(table) == len(bars) == report.bars_kept
        assert report.findings == ()


@given(bars=damaged_bars(), on_bad=st.sampled_from([OnBad.DROP, OnBad.FILL]))
def test_whatever_comes_in_good_bars_come_out(bars: RawBars, on_bad: OnBad) -> None:
    count = len(bars)
    good = RawBars(*(np.append(getattr(bars, each.name), 1) for each in dataclasses.fields(bars)))
    table, report = checked(good, "X", "1m", on_bad)
    assert report.bars_kept == len(table) > 0
    assert report.rows_read == count + 1
    if on_bad is OnBad.FILL:
        assert (np.diff(table.start_ns) < 2 * MINUTE).all()
    columns = (table.start_ns, table.open, table.high, table.low, table.close, table.volume)
    again, clean = checked(RawBars(np.arange(len(table)), *columns), "X", "1m", OnBad.ERROR)
    assert clean.findings == ()
    assert again.close.tolist() == table.close.tolist()
