"""Totals to rates."""

from orrery.view.rates import WINDOW_NS, Rates

SECOND = 1_000_000_000


def test_the_rate_is_of_the_last_seconds_only() -> None:
    rates = Rates()
    assert rates.take(0, {"ticks": 0}) == {"ticks": 0.0}
    assert rates.take(2 * SECOND, {"ticks": 100}) == {"ticks": 50.0}
    latest: dict[str, float] = {}
    for second in range(3, 30):
        latest = rates.take(second * SECOND, {"ticks": 100 + 10 * (second - 2)})
    assert latest == {"ticks": 10.0}
    assert WINDOW_NS < 30 * SECOND
