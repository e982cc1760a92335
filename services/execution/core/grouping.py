"""Groups of orders of which the first that fills, or ends, takes the others back: who is in which, and which are over."""

import msgspec
from msgspec import UNSET

from common.messages import ApprovedOrder
from common.recent import Recent

OVER_KEPT = 4_096
"""Groups that are over and still known as such, so that one of their orders that comes later is not sent."""


class Groups(msgspec.Struct):
    """group_of: of open orders; open: their ids by group, in the order they came. over: groups in which nothing rests any more."""

    group_of: dict[str, str] = {}
    open: dict[str, list[str]] = {}
    over: Recent[bool] = msgspec.field(default_factory=lambda: Recent(OVER_KEPT))

    def join(self, order: ApprovedOrder, group: str) -> bool:
        """Take an order into its group; return False if that is over."""
        if self.over.get(group) is not None:
            return False
        self.group_of[order.id] = group
        self.open.setdefault(group, []).append(order.id)
        return True

    def end(self, group: str) -> list[str]:
        """Note that a group is over; return the orders in it, nothing the second time."""
        members = self.open.pop(group, [])
        for order_id in members:
            del self.group_of[order_id]
        self.over.put(group, True)
        return members


def group_of(order: ApprovedOrder) -> str:
    """Return the group of an order, which is its runner's own; empty for none."""
    if order.terms is UNSET or not order.terms.oco:
        return ""
    return f"{order.runner} {order.terms.oco}"
