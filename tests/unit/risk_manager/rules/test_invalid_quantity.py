import pytest

from common.messages import OrderIntent, OrderType
from services.risk_manager.core.rules.invalid_quantity import check
from services.risk_manager.core.view import Refusal, View
from tests.unit.risk_manager.builders import ETH, D, exit_intent, intent, view


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        (intent(quantity="0.05"), view(quantity=D("0.05"))),
        (intent(quantity="0.001"), view(quantity=D("0.001"), instrument=ETH)),
        (exit_intent(1, "0.001"), view(quantity=D("0.001"))),
    ],
    ids=["worth the minimum", "no minimum", "an exit of any worth"],
)
def test_a_quantity_that_a_venue_takes_passes(asked: OrderIntent, seen: View) -> None:
    assert check(asked, seen) is None


@pytest.mark.parametrize(
    ("asked", "seen", "expected"),
    [
        (
            intent(quantity="0.0009"),
            view(quantity=D(0)),
            Refusal("0.001", "0.0009", "0.0009 BTCUSDT is less than one lot of 0.001"),
        ),
        (
            exit_intent(1, "-1"),
            view(quantity=D(-1)),
            Refusal("0.001", "-1", "-1 BTCUSDT is less than one lot of 0.001"),
        ),
        (
            intent(quantity="0.049"),
            view(quantity=D("0.049")),
            Refusal("5", "4.9", "the order is worth 4.9 USDT, the least is 5"),
        ),
        (
            intent(quantity="0.05", order_type=OrderType.LIMIT, limit_price=D("99.90")),
            view(quantity=D("0.05")),
            Refusal("5", "4.995", "the order is worth 4.995 USDT, the least is 5"),
        ),
    ],
    ids=["less than a lot", "negative", "worth too little", "worth too little at its limit"],
)
def test_a_quantity_that_no_venue_takes_is_refused(asked: OrderIntent, seen: View, expected: Refusal) -> None:
    assert check(asked, seen) == expected
