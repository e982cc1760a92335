"""The page about orders is made from the code, and tells of every type and every reason."""

from common.messages import CancelReason, OrderType, VenueRejectReason
from orrery.orders_page import CANCELLED, REJECTED, TYPES, page
from tests.architecture.sources import ROOT


def test_the_page_is_what_the_code_makes() -> None:
    written = (ROOT / "docs" / "orders.md").read_text()
    assert written == page(), "run `python -m orrery.orders_page > docs/orders.md`"


def test_every_member_is_told_of() -> None:
    assert set(TYPES) == set(OrderType)
    assert set(REJECTED) == set(VenueRejectReason)
    assert set(CANCELLED) == set(CancelReason)
