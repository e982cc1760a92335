import pytest

from services.risk_manager.core.rules.order_size import CODE, check, is_configured
from services.risk_manager.core.view import More, Refusal, View
from tests.unit.risk_manager.builders import D, intent, limits, view

TEN, THOUSAND = limits(max_order_quantity=10), limits(max_order_notional=1_000)


def test_it_is_asked_where_it_is_configured() -> None:
    assert CODE == 301
    assert [is_configured(each) for each in (limits(), TEN, THOUSAND)] == [False, True, True]


@pytest.mark.parametrize(
    "seen", [view(limits=TEN, quantity=D("10.000")), view(limits=THOUSAND, more=More(worth=D(1_000)))]
)
def test_an_order_as_large_as_allowed_passes(seen: View) -> None:
    assert check(intent(), seen) is None


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (
            view(limits=TEN, quantity=D("10.001")),
            Refusal("10", "10.001", "ema:BTCUSDT-1 asks for 10.001 BTC at once, 10 are allowed", "", "10.001"),
        ),
        (
            view(limits=THOUSAND, more=More(worth=D("1000.01"))),
            Refusal("1000", "1000.01", "ema:BTCUSDT-1 is worth 1000.01 USDT, 1000 are allowed at once", "", "1000.01"),
        ),
    ],
    ids=["units", "money"],
)
def test_an_order_too_large_is_refused(seen: View, expected: Refusal) -> None:
    assert check(intent(), seen) == expected
