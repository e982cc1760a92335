"""The order gateway's protocol: what is asked as bytes, and bytes as answers; what nobody can read says nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Liquidity, Side, VenueRejectReason
from services.execution.core.asking import (
    Absent,
    Amend,
    Ask,
    AskFills,
    AskOpenOrders,
    AskOrder,
    AskPositions,
    Cancel,
    Fills,
    Limited,
    OpenOrders,
    OrderStanding,
    OrderView,
    Positions,
    Refused,
    Submit,
    Unclear,
)
from services.execution.core.venue import VenueFilled
from services.execution.core.venues import gateway
from tests.unit.execution.builders import venue_order
from tests.unit.risk_manager.builders import T0, D

ORDER = venue_order(7, quantity="1.5", limit="100.25")
VIEW = OrderView("o-7", "BTCUSDT", OrderStanding.OPEN, D("1.5"), D("0.5"))
FILL = VenueFilled("o-7", 3, "BTCUSDT", Side.BUY, D("0.5"), D("100.25"), D("0.05"), "USDT", Liquidity.MAKER)
ASKS: list[tuple[Ask, str, object]] = [
    (
        Submit(ORDER, T0),
        "submit",
        {
            "id": "o-7", "symbol": "BTCUSDT", "side": "buy", "quantity": "1.5", "type": "limit", "tif": "gtc",
            "limit_price": "100.25", "is_reduction": False, "valid_until_ns": T0,
        },
    ),
    (
        Amend(ORDER),
        "amend",
        {
            "id": "o-7", "symbol": "BTCUSDT", "side": "buy", "quantity": "1.5", "type": "limit", "tif": "gtc",
            "limit_price": "100.25", "is_reduction": False, "valid_until_ns": 0,
        },
    ),
    (Cancel("o-7", "BTCUSDT"), "cancel", {"id": "o-7", "symbol": "BTCUSDT"}),
    (AskOrder("o-7", "BTCUSDT"), "order", {"id": "o-7", "symbol": "BTCUSDT"}),
    (AskOpenOrders(), "open_orders", {}),
    (AskFills(9), "fills", {"since": 9}),
    (AskPositions(), "positions", {}),
]  # fmt: skip


def body(value: object) -> bytes:
    return msgspec.json.encode(value)


@pytest.mark.parametrize(("ask", "method", "document"), ASKS)
def test_what_is_asked(ask: Ask, method: str, document: object) -> None:
    frame = gateway.encode(ask)
    assert (frame.method, msgspec.json.decode(frame.body)) == (method, document)


def test_what_is_answered() -> None:
    assert gateway.decode(Cancel("o-7", "BTCUSDT"), 200, body(VIEW)) == VIEW
    assert gateway.decode(AskOpenOrders(), 200, body({"orders": [VIEW]})) == OpenOrders((VIEW,))
    assert gateway.decode(AskFills(0), 200, body({"fills": [FILL], "is_complete": False})) == Fills((FILL,), False)
    assert gateway.decode(AskPositions(), 200, b'{"held":{"BTCUSDT":"-1.5"}}') == Positions({"BTCUSDT": D("-1.5")})
    refused = body({"reason": "invalid_price", "detail": "no"})
    assert gateway.decode(Submit(ORDER), 400, refused) == Refused(VenueRejectReason.INVALID_PRICE, "no")
    assert gateway.decode(AskOrder("o-7", "BTCUSDT"), 404, b"{}") == Absent()
    assert gateway.decode(Submit(ORDER), 429, b'{"retry_after_ms":20}') == Limited(20_000_000)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 0, 301, 401])
def test_any_other_status_says_nothing(status: int) -> None:
    assert isinstance(gateway.decode(Submit(ORDER), status, body(VIEW)), Unclear)


@given(st.sampled_from([ask for ask, _, _ in ASKS]), st.sampled_from([200, 400, 429, 500]), st.binary(max_size=60))
def test_no_bytes_are_an_exception(ask: Ask, status: int, found: bytes) -> None:
    gateway.decode(ask, status, found)
    gateway.pushed(found)


def test_what_is_told_unasked() -> None:
    assert gateway.pushed(body(VIEW)) == (VIEW,)
    assert gateway.pushed(body(FILL)) == (FILL,)
    assert gateway.pushed(body(FILL)[:-3]) == ()
