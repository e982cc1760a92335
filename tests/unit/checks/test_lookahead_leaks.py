"""Every planted look into the future is found, and named as what it is."""

import pytest

from services.backtest.checks.lookahead import check_lookahead
from tests.unit.checks.cases import Case, assert_found, cases, checked, market, named

LEAKS = cases("leaks", "lookahead")


def test_there_are_enough() -> None:
    assert len(LEAKS) >= 20


@pytest.mark.parametrize("case", LEAKS, ids=named)
def test_what_knows_the_future_is_found(case: Case) -> None:
    assert_found(case, checked(case, lambda plan: check_lookahead(plan, cuts=4)))


def test_a_finding_names_bar_indicator_line_and_both_values() -> None:
    case = next(case for case in LEAKS if case.path.stem == "shift_back")
    finding = assert_found(case, checked(case, lambda plan: check_lookahead(plan, cuts=4)))
    table = market(10)
    assert (finding.bar, finding.time_ns) == (0, int(table.end_ns[0]))
    assert finding.expected == "nil"
    assert float(finding.found) == table.close[1]
    line = case.path.read_text().splitlines()[finding.line - 1]
    assert "indicators.next_close()" in line
