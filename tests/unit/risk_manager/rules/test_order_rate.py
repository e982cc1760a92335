import pytest

from services.risk_manager.core.rules.order_rate import CODE, check, is_configured
from services.risk_manager.core.view import More, Refusal
from tests.unit.risk_manager.builders import intent, limits, view

THREE = limits(max_orders=3, order_window_ms=500)


def test_it_is_asked_where_it_is_configured() -> None:
    assert CODE == 303
    assert [is_configured(each) for each in (limits(), THREE)] == [False, True]


@pytest.mark.parametrize("orders", [0, 2])
def test_room_for_one_more_passes(orders: int) -> None:
    assert check(intent(), view(limits=THREE, more=More(orders=orders))) is None


def test_one_too_many_is_refused() -> None:
    assert check(intent(), view(limits=THREE, more=More(orders=3))) == Refusal(
        "3 in 500 ms", "4", "ema:BTCUSDT-1 would be order number 4 within 500 ms, 3 are allowed", "3", "1"
    )
