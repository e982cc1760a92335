"""Trade numbers: none counts twice, what is missing is known, and what comes late fills its hole."""

from hypothesis import given
from hypothesis import strategies as st

from services.market_data.core.tape import MAX_HOLES, Tape
from tests.unit.market_data.builders import SECOND


def tape_of(*numbers: int) -> Tape:
    tape = Tape()
    for number in numbers:
        assert tape.take(number, number, number * SECOND)
    return tape


def test_a_number_counts_once() -> None:
    tape = tape_of(5, 6)
    assert not tape.take(6, 6, 6 * SECOND)
    assert not tape.take(4, 6, 6 * SECOND)
    assert tape.take(7, 9, 7 * SECOND)
    assert not tape.take(8, 8, 7 * SECOND)
    assert (tape.duplicates, tape.missed) == (3, 0)


def test_a_late_number_fills_its_hole_once() -> None:
    tape = tape_of(5, 9)
    assert tape.missed == 3
    assert tape.take(7, 7, 7 * SECOND)
    assert not tape.take(7, 7, 7 * SECOND)
    assert not tape.complete(5 * SECOND, 6 * SECOND)
    assert tape.take(6, 6, 6 * SECOND)
    assert tape.take(8, 8, 8 * SECOND)
    assert tape.missed == 0
    assert tape.complete(5 * SECOND, 9 * SECOND)


def test_a_hole_spoils_the_time_in_which_it_may_lie() -> None:
    tape = tape_of(5, 9)
    assert tape.complete(1 * SECOND, 5 * SECOND)
    assert not tape.complete(1 * SECOND, 5 * SECOND + 1)
    assert not tape.complete(9 * SECOND, 10 * SECOND)
    assert tape.complete(9 * SECOND + 1, 10 * SECOND)


def test_after_an_interruption_nothing_is_sure_until_the_next_trade() -> None:
    tape = tape_of(5)
    tape.interrupted()
    assert tape.complete(1 * SECOND, 5 * SECOND)
    assert not tape.complete(6 * SECOND, 7 * SECOND)
    assert tape.take(6, 6, 8 * SECOND)
    assert tape.complete(6 * SECOND, 7 * SECOND)
    tape.interrupted()
    assert tape.take(8, 8, 9 * SECOND)
    assert not tape.complete(8 * SECOND, 9 * SECOND)


def test_an_interruption_before_any_trade_means_nothing() -> None:
    tape = Tape()
    tape.interrupted()
    assert tape.complete(0, SECOND)


def test_trades_without_numbers_are_all_taken() -> None:
    tape = Tape()
    assert tape.take(0, 0, SECOND)
    assert tape.take(0, 0, SECOND)
    assert (tape.duplicates, tape.missed) == (0, 0)


def test_single_trades_win_over_aggregates() -> None:
    tape = Tape()
    assert tape.wants(aggregate=True)
    assert tape.wants(aggregate=False)
    assert not tape.wants(aggregate=True)


def test_holes_are_bounded_and_their_time_is_not_lost() -> None:
    numbers = [1, *range(3, 2 * MAX_HOLES + 9, 2)]
    tape = tape_of(*numbers)
    assert not tape.complete(SECOND, SECOND + 1)
    assert not tape.take(3, 3, 3 * SECOND)


@given(st.permutations(range(1, 25)), st.lists(st.integers(0, 23), max_size=10))
def test_any_order_and_any_repetition_counts_each_number_once(order: list[int], repeats: list[int]) -> None:
    tape, first = Tape(), order[0]
    numbers = [*order, *(order[position] for position in repeats)]
    taken = [number for number in numbers if tape.take(number, number, number * SECOND)]
    assert len(taken) == len(set(taken))
    # What was made before the first that was seen is unknown to the tape, and taken for old.
    assert set(taken) == {number for number in order if number >= first}
