import pytest

from services.risk_manager.core.rules.leverage import CODE, check, is_configured
from services.risk_manager.core.view import More, Refusal
from tests.unit.risk_manager.builders import D, intent, limits, view

TWO = limits(max_leverage=2)


def test_it_is_asked_where_it_is_configured() -> None:
    assert CODE == 407
    assert [is_configured(each) for each in (limits(), TWO)] == [False, True]


def test_exposure_up_to_the_multiple_passes() -> None:
    assert check(intent(), view(limits=TWO, others_value=D(1_900), reach_value=D(100), equity=D(1_000))) is None


@pytest.mark.parametrize(
    ("equity", "expected"),
    [
        (
            "1000",
            Refusal(
                "2",
                "2.5",
                "with ema:BTCUSDT-1 the exposure could be 2500, 2.5 times the equity 1000; 2 times are allowed",
                "2.3",
                "0.2",
            ),
        ),
        ("-5", Refusal("2", "no equity", "ema:BTCUSDT-1 needs equity, there is -5")),
    ],
)
def test_exposure_beyond_it_is_refused(equity: str, expected: Refusal) -> None:
    seen = view(
        limits=TWO,
        others_value=D(2_100),
        reach_value=D(400),
        value_used=D(200),
        equity=D(equity),
        more=More(worth=D(200)),
    )
    assert check(intent(), seen) == expected
