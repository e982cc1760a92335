"""The random walk: its generator against published figures, its distribution, its bounds."""

import math
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.market_data.core.walk import Walk, draw, exp, key_of, mix, normal

GOLDEN_GAMMA = 0x9E3779B97F4A7C15


def test_the_generator_is_splitmix64() -> None:
    # The first outputs for seed 1234567, as widely published for checking implementations.
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [mix((1234567 + step * GOLDEN_GAMMA) % 2**64) for step in range(1, 5)] == expected


def test_draws_belong_to_key_and_counter() -> None:
    assert draw(5, 7) == draw(5, 7)
    assert len({draw(key, counter) for key in range(40) for counter in range(40)}) == 1_600
    assert key_of(1, "BTCUSDT") != key_of(2, "BTCUSDT") != key_of(1, "ETHUSDT")


def test_variates_are_close_to_normal() -> None:
    key = key_of(1, "X")
    sample = [normal(draw(key, 2 * number), draw(key, 2 * number + 1)) for number in range(20_000)]
    assert statistics.fmean(sample) == pytest.approx(0.0, abs=0.02)
    assert statistics.pstdev(sample) == pytest.approx(1.0, abs=0.02)
    assert sum(abs(each) < 1.0 for each in sample) / len(sample) == pytest.approx(0.6827, abs=0.01)
    assert sum(abs(each) < 2.0 for each in sample) / len(sample) == pytest.approx(0.9545, abs=0.006)


@given(st.floats(-9.0, 9.0))
def test_the_exponential_is_positive_and_close(exponent: float) -> None:
    assert exp(exponent) > 0.0
    if abs(exponent) < 0.01:
        assert exp(exponent) == pytest.approx(math.exp(exponent), rel=1e-7)


def test_the_walk_begins_at_its_first_price_and_has_the_volatility_asked_for() -> None:
    walk = Walk(key_of(3, "X"), 250.0, 0.001)
    mids = [walk.step().mid for _ in range(10_000)]
    assert mids[0] == 250.0
    changes = [math.log(after / before) for before, after in pairwise(mids)]
    assert statistics.pstdev(changes) == pytest.approx(0.001, rel=0.03)
    assert statistics.fmean(changes) == pytest.approx(0.0, abs=3e-5)


def test_a_wild_walk_stays_within_its_bounds() -> None:
    walk = Walk(key_of(3, "X"), 1.0, 1.0)
    assert all(1e-6 <= walk.step().mid <= 1e6 for _ in range(5_000))


def test_a_walk_without_volatility_stands_still() -> None:
    walk = Walk(key_of(3, "X"), 7.0, 0.0)
    assert {walk.step().mid for _ in range(100)} == {7.0}
