"""Every planted memory of the start is found, and named as what it is; and how long a warm-up takes is told."""

import pytest

from services.backtest.checks.warmup import check_warmup
from tests.unit.checks.cases import WARMUP_BARS, Case, assert_found, cases, checked, examples, named

LEAKS = cases("leaks", "warmup")


def test_there_are_enough() -> None:
    assert len(LEAKS) >= 10


@pytest.mark.parametrize("case", LEAKS, ids=named)
def test_what_remembers_the_start_is_found(case: Case) -> None:
    assert_found(case, checked(case, check_warmup, WARMUP_BARS))


def test_the_needed_warm_up_is_told() -> None:
    case = next(case for case in examples() if case.path.stem == "ema_crossover")
    report = checked(case, check_warmup, WARMUP_BARS)
    fast, slow = report.warmth
    assert (report.declared, fast.indicator, slow.indicator) == (20, "ema(10)", "ema(20)")
    assert (fast.first, slow.first) == (20, 20)
    assert 20 < (fast.needed or 0) < (slow.needed or 0) < 200
    assert 0 < slow.difference < 10


def test_what_does_not_settle_within_the_data_is_told_so() -> None:
    case = next(case for case in LEAKS if case.path.stem == "slow_recursion")
    assert [warmth.needed for warmth in checked(case, check_warmup, WARMUP_BARS).warmth] == [None]
