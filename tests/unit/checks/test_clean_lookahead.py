"""No honest strategy is accused of knowing the future."""

import pytest

from services.backtest.checks.lookahead import check_lookahead
from tests.unit.checks.cases import Case, cases, checked, examples

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("trend_model")]
CLEAN = [*cases("clean"), *examples()]


def test_there_are_enough() -> None:
    assert len(CLEAN) >= 20


@pytest.mark.parametrize("case", CLEAN, ids=lambda case: case.path.stem)
def test_nobody_is_accused(case: Case) -> None:
    report = checked(case, lambda plan: check_lookahead(plan, cuts=4))
    assert report.findings == ()
    assert report.asked > 0
