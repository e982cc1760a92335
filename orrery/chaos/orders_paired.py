"""Pairs of orders of which one cancels the other: as soon as it is said of one that it filled or ended, the other is on its way out."""

from collections.abc import Callable
from typing import Final

from msgspec import UNSET

from common.messages import AnyMessage, ApprovedOrder, Fill, OrderCancelled, OrderRejected
from services.execution.core.life_cycle import FINAL, NEXT, OrderEvent, OrderState

_OUT: Final = FINAL | (NEXT[OrderEvent.REJECT_CANCEL].keys() | {OrderState.SUBMITTED_PENDING_CANCEL})
"""States of an order that is over, or that somebody has asked to be."""


class Pairs:
    """Follows what is said of pairs. both_filled: pairs of which both filled, because a cancel came too late."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._other: dict[str, str] = {}
        self._filled: set[str] = set()
        self.count, self.both_filled = 0, 0
        self.broken: list[str] = []

    def take(self, message: AnyMessage, state_of: Callable[[str], OrderState | None]) -> None:
        """Note a message; state_of: where an order stands once execution has said this."""
        match message:
            case ApprovedOrder() if message.terms is not UNSET and message.terms.legs:
                self._join(message.id, message.terms.oco)
            case Fill() | OrderCancelled() | OrderRejected():
                other = self._other.get(message.order_id)
                if other is not None:
                    self._judge(message, other, state_of(other))
            case _:
                return

    def _join(self, order_id: str, group: str) -> None:
        first = self._first.setdefault(group, order_id)
        if first != order_id:
            self.count += 1
            self._other[first], self._other[order_id] = order_id, first

    def _judge(self, message: Fill | OrderCancelled | OrderRejected, other: str, state: OrderState | None) -> None:
        order_id = message.order_id
        if other not in self._filled and state is not None and state not in _OUT:
            self.broken.append(f"{order_id} has filled or ended, and {other} is {state}")
        if isinstance(message, Fill):
            self.both_filled += other in self._filled and order_id not in self._filled
            self._filled.add(order_id)
