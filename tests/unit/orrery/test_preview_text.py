"""`orrery preview` says of an order with a trigger where it lies, how far it is, and what it is from then on."""

from decimal import Decimal
from typing import Any

import pytest

from common.messages import OrderType, Side
from orrery.venue.market import Shown
from orrery.venue.previewing import Asked, Outlook, lines
from services.execution.core.preview import Preview
from services.execution.core.preview_trigger import Trigger
from services.risk_manager.core.explain import Explanation

RULES = Explanation([], "2", "USDT", "1000", "0", 0, 0, "", "live")
ZERO = Decimal(0)
COST = Preview(
    takes=Decimal(2), rests=ZERO, unknown=ZERO, average_price=Decimal(105), worst_price=Decimal(105), notional=Decimal(210), fee=ZERO,
    slippage=ZERO, spread_cost=ZERO, impact=ZERO,
)  # fmt: skip


def text(waits: dict[str, Any], **asked: Any) -> str:
    base: dict[str, Any] = {
        "level": Decimal(105), "price": Decimal(100), "distance": Decimal(5), "distance_percent": Decimal(5), "is_reached": False, "rises": True,
    }  # fmt: skip
    order = Asked(symbol="AAAUSDT", **{"side": Side.BUY, "quantity": Decimal(2), "order_type": OrderType.STOP, **asked})
    market = Shown(symbol="AAAUSDT", bids=[(99.0, 1.0)], asks=[(100.0, 1.0)], source="quote")
    outlook = Outlook(
        asked=order, passes=True, refused_by="", rules=RULES, cost=COST, cost_total="0", mark="100", position="0",
        position_after="2", worth="210", exposure_after="210", market=market, trigger=Trigger(**{**base, **waits}),
    )  # fmt: skip
    return "\n".join(lines(outlook))


@pytest.mark.parametrize(
    ("trigger", "asked", "words"),
    [
        ({}, {"trigger": Decimal(105)}, "buy 2 AAAUSDT by stop at 105: would pass"),
        ({}, {"trigger": Decimal(105)}, "once the ask is at 105 or above; it is 100, 5 or 5 % away"),
        ({}, {"trigger": Decimal(105)}, "from then on a market order; below is what it would trade"),
        ({"rises": False}, {"side": Side.SELL, "trigger": Decimal(95)}, "once the bid is at 105 or below"),
        ({}, {"trigger": Decimal(105), "limit": Decimal(106), "order_type": OrderType.STOP_LIMIT}, "a limit order at 106"),
        ({"is_reached": True}, {"trigger": Decimal(99)}, "has been reached: the ask is 100, so it would be a market order at once"),
        ({}, {"trail": Decimal(5), "order_type": OrderType.TRAILING_STOP}, "by trailing_stop 5 behind the best price"),
        ({}, {"trail_percent": Decimal(5), "order_type": OrderType.TRAILING_STOP}, "(it follows the price in its favour)"),
    ],
)  # fmt: skip
def test_it_says_what_the_order_waits_for(trigger: dict[str, Any], asked: dict[str, Any], words: str) -> None:
    assert words in text(trigger, **asked)
