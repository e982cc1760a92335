import pytest

from services.risk_manager.core.rules.open_positions import check
from services.risk_manager.core.view import Refusal
from tests.unit.risk_manager.builders import intent, limits, view

FIVE = limits(max_open_positions=5)


@pytest.mark.parametrize("others", [0, 4])
def test_room_for_one_more_passes(others: int) -> None:
    assert check(intent(), view(limits=FIVE, others_open=others)) is None


@pytest.mark.parametrize("others", [5, 9])
def test_one_too_many_is_refused(others: int) -> None:
    assert check(intent(), view(limits=FIVE, others_open=others)) == Refusal(
        "5",
        str(others + 1),
        f"ema:BTCUSDT would be number {others + 1} of the runners with a position, 5 are allowed",
        str(others),
        "1",
    )
