"""Delays before reconnecting: capped, spread over their whole range, reproducible."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.market_data.adapters.backoff import Backoff


@given(st.integers(1, 10**9), st.integers(0, 10**11), st.integers(), st.integers(1, 100))
def test_every_delay_is_within_its_doubling_ceiling(first: int, more: int, seed: int, attempts: int) -> None:
    backoff = Backoff(first, first + more, random.Random(seed))
    for attempt in range(attempts):
        assert 0 <= backoff.next_delay_ns() <= min(first + more, first * 2**attempt)
    assert backoff.attempts == attempts


def test_the_same_seed_gives_the_same_delays() -> None:
    one, other = (Backoff(10**9, 30 * 10**9, random.Random(7)) for _ in range(2))
    assert [one.next_delay_ns() for _ in range(20)] == [other.next_delay_ns() for _ in range(20)]


def test_jitter_is_full() -> None:
    backoff = Backoff(10**9, 10**9, random.Random(1))
    delays = [backoff.next_delay_ns() for _ in range(1_000)]
    assert min(delays) < 10**7
    assert max(delays) > 99 * 10**7


def test_reset_begins_again() -> None:
    backoff = Backoff(100, 10**9, random.Random(1))
    for _ in range(20):
        backoff.next_delay_ns()
    backoff.reset()
    assert backoff.next_delay_ns() <= 100


@pytest.mark.parametrize(("first", "longest"), [(0, 10), (-1, 10), (20, 10)])
def test_senseless_delays_are_refused(first: int, longest: int) -> None:
    with pytest.raises(ValueError, match="expected 0 < first <= longest"):
        Backoff(first, longest, random.Random(1))
