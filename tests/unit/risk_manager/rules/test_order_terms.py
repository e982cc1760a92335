from typing import Any

import pytest
from msgspec import UNSET

from common.messages import OrderTerms, OrderType, TimeInForce
from services.risk_manager.core.rules.order_terms import check
from tests.unit.risk_manager.builders import D, intent, view

STOP, LIMIT, TRAILING = OrderType.STOP, OrderType.LIMIT, OrderType.TRAILING_STOP


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"order_type": LIMIT, "limit_price": D(90), "terms": OrderTerms(post_only=True)},
        {"order_type": STOP, "terms": OrderTerms(trigger_price=D(90))},
        {"order_type": TRAILING, "terms": OrderTerms(trail_bps=D(50))},
        {
            "order_type": LIMIT,
            "limit_price": D(90),
            "time_in_force": TimeInForce.GTD,
            "terms": OrderTerms(expires_ns=1),
        },
    ],
)
def test_what_goes_together_passes(parts: dict[str, Any]) -> None:
    assert check(intent(**parts), view()) is None


@pytest.mark.parametrize(
    ("parts", "limit", "found"),
    [
        ({"order_type": STOP}, "trigger_price: expected a price for stop", "nothing"),
        ({"order_type": STOP, "terms": OrderTerms(trigger_price=D("NaN"))}, "trigger_price: expected a posi", "NaN"),
        ({"order_type": TRAILING, "terms": OrderTerms()}, "trail: expected a distance or basis points", "nothing"),
        ({"time_in_force": TimeInForce.GTD}, "time_in_force: expected gtc or ioc or fok for market", "gtd"),
        ({"terms": OrderTerms(post_only=True)}, "post_only: expected an order with a limit price", "market gtc"),
        ({"order_type": LIMIT, "limit_price": D(90), "time_in_force": TimeInForce.GTD}, "expires_at: exp", "nothing"),
        (
            {"order_type": STOP, "time_in_force": TimeInForce.FOK, "terms": OrderTerms(trigger_price=D(90))},
            "time_in_force: expected gtc or gtd for stop",
            "fok",
        ),
    ],
)
def test_what_does_not_is_refused(parts: dict[str, Any], limit: str, found: str) -> None:
    refusal = check(intent(**parts), view())
    assert refusal is not None
    assert refusal.limit.startswith(limit)
    assert refusal.found == found
    assert refusal.detail.startswith("ema:BTCUSDT-1: ")


def test_an_intent_without_terms_has_none() -> None:
    assert intent().terms is UNSET
