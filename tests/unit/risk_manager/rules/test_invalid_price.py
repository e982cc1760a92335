from typing import Any

import pytest

from common.messages import OrderType
from services.risk_manager.core.rules.invalid_price import check
from services.risk_manager.core.view import Refusal
from tests.unit.risk_manager.builders import D, intent, view

LIMIT = OrderType.LIMIT


@pytest.mark.parametrize(
    "prices",
    [
        {},
        {"stop_price": D(90), "target_price": D(120)},
        {"order_type": LIMIT, "limit_price": D("0.01")},
    ],
)
def test_prices_that_are_positive_pass(prices: dict[str, Any]) -> None:
    assert check(intent(**prices), view()) is None


@pytest.mark.parametrize(
    ("prices", "found", "detail"),
    [
        ({"order_type": LIMIT}, "none", "ema:BTCUSDT-1 is a limit order without a limit price"),
        ({"order_type": LIMIT, "limit_price": D(0)}, "0", "ema:BTCUSDT-1 names 0 as its limit price"),
        ({"stop_price": D(-1)}, "-1", "ema:BTCUSDT-1 names -1 as its stop price"),
        ({"target_price": D("NaN")}, "NaN", "ema:BTCUSDT-1 names NaN as its target price"),
        ({"stop_price": D("Infinity")}, "Infinity", "ema:BTCUSDT-1 names Infinity as its stop price"),
    ],
)
def test_prices_that_mean_nothing_are_refused(prices: dict[str, Any], found: str, detail: str) -> None:
    wanted = "a limit price" if found == "none" else "a positive price"
    assert check(intent(**prices), view()) == Refusal(wanted, found, detail)
