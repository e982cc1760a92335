"""Bars from trades: against a brute force, and the ways in which one closes."""

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Bar, Trade
from common.timeframes import timeframe_ns
from services.market_data.core.bars import MAX_EMPTY_BARS, MAX_SERIES, SymbolBars
from services.market_data.core.tape import Tape
from tests.unit.market_data.builders import MINUTE, SECOND, T0, trade

GRACE = 250_000_000


def bars_of(*timeframes: str, tape: Tape | None = None) -> SymbolBars:
    bars = SymbolBars("X", GRACE, tape or Tape())
    for timeframe in timeframes:
        bars.require(timeframe)
    return bars


def feed(bars: SymbolBars, trades: Sequence[Trade]) -> list[Bar]:
    return [bar for each in trades for bar in bars.trade(each, each.event_ns)]


def figures(bar: Bar) -> tuple[float, float, float, float, float, int]:
    return bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trade_count


STEPS = st.lists(
    st.tuples(st.integers(0, 40_000), st.integers(1, 999), st.integers(1, 10**11)), min_size=1, max_size=60
)


@given(STEPS, st.sampled_from(["1s", "7s", "1m"]))
def test_bars_are_what_a_brute_force_makes_of_the_trades(steps: list[tuple[int, int, int]], timeframe: str) -> None:
    at, trades = T0, []
    for number, (wait_ms, price, size_e8) in enumerate(steps, 1):
        at += wait_ms * 1_000_000
        trades.append(trade(number, at, price / 100, size_e8 / 1e8))
    length = timeframe_ns(timeframe)
    bars = bars_of(timeframe)
    made = [*feed(bars, trades), *bars.hear(at + length + GRACE, at)]
    close = 0.0
    for position, bar in enumerate(made):
        assert bar.start_ns % length == 0
        assert bar.end_ns == bar.start_ns + length == bar.event_ns
        inside = [each for each in trades if bar.start_ns <= each.event_ns < bar.end_ns]
        prices = [each.price for each in inside] or [close]
        volume = float(sum((Decimal(str(each.size)) for each in inside), Decimal(0)))
        expected = (prices[0], max(prices), min(prices), prices[-1], volume, len(inside))
        assert figures(bar) == expected
        assert position == 0 or bar.start_ns == made[position - 1].end_ns
        close = bar.close
    assert sum(bar.trade_count for bar in made) == len(trades)


@given(st.permutations(range(8)))
def test_the_order_within_a_bar_does_not_matter(order: list[int]) -> None:
    trades = [trade(number + 1, T0 + number * SECOND, 100.0 + number % 5, 0.1) for number in range(8)]
    shuffled = [trades[position] for position in order]
    one, other = bars_of("1m"), bars_of("1m")
    in_order = [*feed(one, trades), *one.hear(T0 + MINUTE + GRACE, T0)]
    unordered = [*feed(other, shuffled), *other.hear(T0 + MINUTE + GRACE, T0)]
    assert [figures(bar) for bar in unordered] == [figures(bar) for bar in in_order]


def test_the_open_is_the_lowest_number_among_trades_of_one_moment() -> None:
    bars = bars_of("1m")
    feed(bars, [trade(8, T0, 8.0), trade(7, T0, 7.0), trade(9, T0, 9.0)])
    (bar,) = bars.hear(T0 + MINUTE + GRACE, T0)
    assert (bar.open, bar.close) == (7.0, 9.0)


def test_volume_is_exact_where_floats_alone_are_not() -> None:
    bars = bars_of("1m")
    feed(bars, [trade(number, T0 + number, 1.0, 0.1) for number in range(1, 11)])
    (bar,) = bars.hear(T0 + MINUTE + GRACE, T0)
    assert reduce(add, [0.1] * 10) != 1.0
    assert bar.volume == 1.0


def test_an_aggregate_counts_its_trades() -> None:
    bars = bars_of("1m")
    feed(bars, [trade(9, T0, first=5)])
    (bar,) = bars.hear(T0 + MINUTE + GRACE, T0)
    assert bar.trade_count == 5


def test_a_bar_closes_with_the_first_trade_behind_it() -> None:
    bars = bars_of("1m")
    assert feed(bars, [trade(1, T0), trade(2, T0 + MINUTE - 1, 101.0)]) == []
    (bar,) = feed(bars, [trade(3, T0 + MINUTE, 102.0)])
    assert figures(bar) == (100.0, 101.0, 100.0, 101.0, 2.0, 2)


def test_a_bar_closes_when_the_venue_shows_a_time_behind_the_grace() -> None:
    bars = bars_of("1m")
    feed(bars, [trade(1, T0)])
    assert bars.hear(T0 + MINUTE + GRACE - 1, T0) == ()
    assert feed(bars, [trade(2, T0 + MINUTE - 1, 105.0)]) == []
    (bar,) = bars.hear(T0 + MINUTE + GRACE, T0)
    assert bar.close == 105.0


def test_a_quiet_bar_closes_when_the_venue_clock_must_stand_behind_the_grace() -> None:
    bars, ahead = bars_of("1m"), 3 * SECOND
    bars.trade(trade(1, T0), T0 + SECOND)
    bars.hear(T0 + 2 * SECOND, T0 + 2 * SECOND + ahead)
    deadline_ns = bars.deadline_ns()
    assert deadline_ns == T0 + MINUTE + GRACE + ahead
    assert bars.on_deadline(deadline_ns - 1) == ()
    (bar,) = bars.on_deadline(deadline_ns)
    assert (bar.end_ns, bar.received_ns) == (T0 + MINUTE, deadline_ns)
    assert bars.deadline_ns() == deadline_ns + MINUTE


def test_nothing_closes_by_waiting_without_a_connection() -> None:
    bars = bars_of("1m")
    feed(bars, [trade(1, T0)])
    bars.freeze()
    assert bars.deadline_ns() is None
    assert bars.on_deadline(T0 + 10 * MINUTE) == ()
    assert len(bars.hear(T0 + 2 * MINUTE + GRACE, T0)) == 2


def test_an_interval_without_trades_repeats_the_last_close() -> None:
    bars = bars_of("1m")
    made = feed(bars, [trade(1, T0, 100.0), trade(2, T0 + 3 * MINUTE, 110.0)])
    assert [figures(bar) for bar in made[1:]] == [(100.0, 100.0, 100.0, 100.0, 0.0, 0)] * 2
    assert bars.made == 3


def test_empty_bars_are_bounded_and_the_rest_counted() -> None:
    bars = bars_of("1s")
    made = feed(bars, [trade(1, T0), trade(2, T0 + (MAX_EMPTY_BARS + 11) * SECOND)])
    assert len(made) == 1 + MAX_EMPTY_BARS
    assert made[-1].end_ns == T0 + (MAX_EMPTY_BARS + 11) * SECOND
    assert bars.left_out == 10


def test_a_late_trade_is_counted_and_left_out() -> None:
    bars = bars_of("1m", "1h")
    feed(bars, [trade(1, T0), trade(3, T0 + MINUTE)])
    feed(bars, [trade(2, T0 + SECOND, 500.0)])
    assert bars.late == 1
    (minute,) = [bar for bar in bars.hear(T0 + 2 * MINUTE + GRACE, T0) if bar.timeframe == "1m"]
    assert minute.high == 100.0


def test_a_bar_that_began_before_anything_was_seen_is_partial() -> None:
    bars = bars_of("1m")
    bars.hear(T0 + SECOND, T0)
    made = feed(bars, [trade(1, T0 + 2 * SECOND), trade(2, T0 + MINUTE), trade(3, T0 + 2 * MINUTE)])
    assert [bar.partial for bar in made] == [True, False]


def test_a_first_bar_seen_from_its_beginning_is_whole() -> None:
    bars = bars_of("1m")
    bars.hear(T0 - SECOND, T0)
    made = feed(bars, [trade(1, T0 + SECOND), trade(2, T0 + MINUTE)])
    assert [bar.partial for bar in made] == [False]


def test_bars_wanted_later_begin_partial() -> None:
    bars = bars_of("1m")
    feed(bars, [trade(1, T0), trade(2, T0 + 90 * SECOND)])
    bars.require("5m")
    bars.require("5m")
    made = feed(bars, [trade(3, T0 + 100 * SECOND), trade(4, T0 + 20 * MINUTE)])
    assert [bar.partial for bar in made if bar.timeframe == "5m"][:2] == [True, False]
    assert len({bar.id for bar in made}) == len(made)


def test_a_hole_in_the_trade_numbers_makes_bars_partial() -> None:
    tape = Tape()
    bars = bars_of("1m", tape=tape)
    made = []
    for each in (trade(1, T0), trade(2, T0 + MINUTE), trade(5, T0 + 3 * MINUTE), trade(6, T0 + 5 * MINUTE)):
        tape.take(each.first_trade_id, each.trade_id, each.event_ns)
        made += feed(bars, [each])
    assert [bar.partial for bar in made] == [False, True, True, True, False]


def test_shorter_bars_come_before_longer_ones_with_the_same_end() -> None:
    bars = bars_of("5m", "1m")
    made = feed(bars, [trade(1, T0), trade(2, T0 + 10 * MINUTE)])
    order = [(bar.end_ns, timeframe_ns(bar.timeframe)) for bar in made]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("timeframe", "at", "start"),
    [
        ("1w", 1_723_161_600, 1_722_816_000),  # Friday 2024-08-09 lies in the week of Monday 2024-08-05
        ("1d", 1_723_161_599, 1_723_075_200),
        ("4h", 1_723_161_600, 1_723_161_600),
    ],
)
def test_bars_stand_on_the_grid_of_the_venues(timeframe: str, at: int, start: int) -> None:
    bars = bars_of(timeframe)
    feed(bars, [trade(1, at * SECOND)])
    (bar,) = bars.hear((start + 604_800) * SECOND + GRACE, 0)[:1]
    assert bar.start_ns == start * SECOND


def test_bad_wishes_are_refused() -> None:
    bars = bars_of(*(f"{number}s" for number in range(1, MAX_SERIES + 1)))
    bars.require("1s")
    with pytest.raises(ValueError, match="at most 32 timeframes"):
        bars.require("1m")
    with pytest.raises(ValueError, match="timeframe 'x'"):
        bars_of("x")


def test_quotes_alone_make_no_bars() -> None:
    bars = bars_of("1m")
    assert bars.hear(T0 + 10 * MINUTE, T0) == ()
    assert bars.deadline_ns() is None
