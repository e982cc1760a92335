"""Totals that survive restarts of the services that count."""

from hypothesis import given
from hypothesis import strategies as st

from orrery.counting import JournaledTotal, ProcessTotal


def test_a_process_counter_goes_on_after_a_restart() -> None:
    total = ProcessTotal()
    for counter in (5, 9, 2, 2, 7):
        total.take(counter)
    assert total.value == 9 + 7


@given(st.lists(st.lists(st.integers(1, 100), min_size=1, max_size=5), min_size=1, max_size=5))
def test_a_process_counter_never_falls_and_counts_at_least_the_last_process(lives: list[list[int]]) -> None:
    total, seen = ProcessTotal(), [0]
    for life in lives:
        counter = 0
        for step in life:
            counter += step
            total.take(counter)
            seen.append(total.value)
        assert total.value >= counter
    assert seen == sorted(seen)


def test_a_journaled_counter_counts_from_the_first_look() -> None:
    total = JournaledTotal()
    for counter in (40, 41, 41, 45):
        total.take(counter)
    assert total.value == 5


def test_a_journaled_counter_that_falls_behind_for_a_moment_is_not_counted_twice() -> None:
    total = JournaledTotal()
    for counter in (40, 45, 44, 46):
        total.take(counter)
    assert total.value == 6
