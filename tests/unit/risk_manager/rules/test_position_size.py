import pytest

from services.risk_manager.core.rules.position_size import check
from services.risk_manager.core.view import Refusal, View
from tests.unit.risk_manager.builders import D, intent, limits, view

TEN = limits(max_position_size=10)
TENTH = limits(max_account_risk="0.1")


@pytest.mark.parametrize(
    "seen",
    [view(limits=TEN, reach=D("10.000")), view(limits=TENTH, reach_value=D(100), equity=D(1_000))],
    ids=["as large as allowed", "as valuable as allowed"],
)
def test_a_position_within_the_limits_passes(seen: View) -> None:
    assert check(intent(), seen) is None


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (
            view(limits=TEN, reach=D("10.001"), reach_used=D("9.001")),
            Refusal("10", "10.001", "BTCUSDT could reach 10.001, 10 are allowed", "9.001", "1"),
        ),
        (
            view(limits=TENTH, reach_value=D("100.01"), equity=D(1_000)),
            Refusal(
                "100",
                "100.01",
                "BTCUSDT could be worth 100.01 USDT, which is more than 0.1 of the equity 1000",
                "0",
                "100",
            ),
        ),
    ],
    ids=["too large", "too valuable"],
)
def test_a_position_beyond_the_limits_is_refused(seen: View, expected: Refusal) -> None:
    assert check(intent(), seen) == expected
