import pytest

from common.messages import OrderIntent, OrderType
from services.risk_manager.core.rules.price_collar import CODE, check, is_configured
from services.risk_manager.core.view import Refusal
from tests.unit.risk_manager.builders import D, intent, limits, view

FIVE = limits(price_collar_percent=5)


def limited(price: str) -> OrderIntent:
    return intent(order_type=OrderType.LIMIT, limit_price=D(price))


def test_it_is_asked_where_it_is_configured() -> None:
    assert CODE == 302
    assert [is_configured(each) for each in (limits(), FIVE)] == [False, True]


@pytest.mark.parametrize("asked", [intent(), limited("105"), limited("95")])
def test_a_price_near_the_mark_passes(asked: OrderIntent) -> None:
    assert check(asked, view(limits=FIVE, mark=D(100))) is None


@pytest.mark.parametrize(
    ("asked", "mark", "found"),
    [(limited("105.5"), "100", "5.5"), (limited("94"), "100", "6"), (intent(), "200.02", "50")],
    ids=["far above", "far below", "decided on another market"],
)
def test_a_price_far_from_the_mark_is_refused(asked: OrderIntent, mark: str, found: str) -> None:
    price = f"{asked.limit_price or asked.reference_price}"
    assert check(asked, view(limits=FIVE, mark=D(mark))) == Refusal(
        "5 %",
        f"{found} %",
        f"the price {price} lies {found} % from the mark {mark}, 5 % are allowed",
        "",
        price,
    )
