"""Every planted leak is found, by the checker that its file names, and named as what it is."""

import pytest

from services.backtest.checks.lookahead import check_lookahead
from services.backtest.checks.model import Finding, Report
from services.backtest.checks.warmup import check_warmup
from tests.unit.checks.cases import WARMUP_BARS, Case, cases, checked, examples, market

LOOKAHEAD, WARMUP = cases("leaks", "lookahead"), cases("leaks", "warmup")


def named(case: Case) -> str:
    return case.path.stem


def assert_found(case: Case, report: Report) -> Finding:
    kind, subject = case.finds
    found = [finding for finding in report.findings if finding.kind == kind and finding.subject.startswith(subject)]
    assert found, f"expected {case.finds}, found {report.findings}"
    assert found[0].expected != found[0].found
    assert found[0].line > 0
    return found[0]


def test_there_are_enough() -> None:
    assert len(LOOKAHEAD) >= 20
    assert len(WARMUP) >= 10


@pytest.mark.parametrize("case", LOOKAHEAD, ids=named)
def test_what_knows_the_future_is_found(case: Case) -> None:
    assert_found(case, checked(case, lambda plan: check_lookahead(plan, cuts=4)))


@pytest.mark.parametrize("case", WARMUP, ids=named)
def test_what_remembers_the_start_is_found(case: Case) -> None:
    assert_found(case, checked(case, check_warmup, WARMUP_BARS))


def test_a_finding_names_bar_indicator_line_and_both_values() -> None:
    case = next(case for case in LOOKAHEAD if case.path.stem == "shift_back")
    finding = assert_found(case, checked(case, lambda plan: check_lookahead(plan, cuts=4)))
    table = market(10)
    assert (finding.bar, finding.time_ns) == (0, int(table.end_ns[0]))
    assert finding.expected == "nil"
    assert float(finding.found) == table.close[1]
    line = case.path.read_text().splitlines()[finding.line - 1]
    assert "indicators.next_close()" in line


def test_the_needed_warm_up_is_told() -> None:
    case = next(case for case in examples() if case.path.stem == "ema_crossover")
    report = checked(case, check_warmup, WARMUP_BARS)
    fast, slow = report.warmth
    assert (report.declared, fast.indicator, slow.indicator) == (20, "ema(10)", "ema(20)")
    assert (fast.first, slow.first) == (20, 20)
    assert 20 < (fast.needed or 0) < (slow.needed or 0) < 200
    assert 0 < slow.difference < 10


def test_what_does_not_settle_within_the_data_is_told_so() -> None:
    case = next(case for case in WARMUP if case.path.stem == "slow_recursion")
    assert [warmth.needed for warmth in checked(case, check_warmup, WARMUP_BARS).warmth] == [None]
