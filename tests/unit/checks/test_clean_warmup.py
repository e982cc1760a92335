"""No honest strategy is accused of remembering where its data began."""

import pytest

from services.backtest.checks.warmup import check_warmup
from tests.unit.checks.cases import WARMUP_BARS, Case, cases, checked, examples

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("trend_model")]
CLEAN = [*cases("clean"), *examples()]


@pytest.mark.parametrize("case", CLEAN, ids=lambda case: case.path.stem)
def test_nobody_is_accused(case: Case) -> None:
    assert checked(case, check_warmup, WARMUP_BARS).findings == ()


def test_what_throws_dice_is_told_so() -> None:
    case = next(case for case in CLEAN if case.path.stem == "random")
    assert any("chance" in note for note in checked(case, check_warmup, WARMUP_BARS).notes)
