"""The delays before a process is started again."""

from orrery.stack.restarts import FIRST_DELAY_NS, HEALTHY_AFTER_NS, LONGEST_DELAY_NS, Backoff


def test_delays_double_up_to_the_longest() -> None:
    backoff = Backoff()
    delays = [backoff.delay_ns(lived_ns=0) for _ in range(10)]
    assert delays[:4] == [FIRST_DELAY_NS, 2 * FIRST_DELAY_NS, 4 * FIRST_DELAY_NS, 8 * FIRST_DELAY_NS]
    assert delays[-1] == LONGEST_DELAY_NS


def test_a_process_that_lived_long_begins_anew() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.delay_ns(lived_ns=0)
    assert backoff.delay_ns(lived_ns=HEALTHY_AFTER_NS) == FIRST_DELAY_NS
    assert backoff.delay_ns(lived_ns=HEALTHY_AFTER_NS - 1) == 2 * FIRST_DELAY_NS
