"""An order at the venue, as the way through a bar sees it: the price at which something happens to it."""

from decimal import Decimal
from typing import Final

import msgspec

from common.messages import ApprovedOrder, OrderAmended, OrderType, Side, TimeInForce, TriggerBy
from common.money import decimal_of
from common.order_terms import CONDITIONAL
from services.execution.core.conditions import Armed, arm, is_triggered
from services.execution.core.orders import sent

_STOPS: Final = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)


class Point(msgspec.Struct, frozen=True, gc=False):
    """A price on the way, and the bid and ask that stand there."""

    price: float
    bid: float
    ask: float


class Resting:
    """An order that rests or waits for a trigger. point: where, None while nobody knows; falls: on the way down.

    is_restless: it trails or ends by time, so that any price of any bar matters to it.
    """

    __slots__ = ("_armed", "_limit", "_order", "_tick", "falls", "is_buy", "is_restless", "point")

    def __init__(self, order: ApprovedOrder, latest: Point | None, tick: Decimal) -> None:
        self._order, self._limit, self._tick = order, order.limit_price, tick
        self.is_buy = order.side is Side.BUY
        self.is_restless = order.time_in_force is TimeInForce.GTD or order.order_type is OrderType.TRAILING_STOP
        self._armed: Armed | None = None
        self.falls = False
        self.point: Point | None = None
        if order.order_type in CONDITIONAL and latest is not None:
            self._armed = arm(sent(order, order.quantity), self._price(latest), tick)
        self._place()

    def _price(self, point: Point) -> Decimal:
        return decimal_of(point.ask if self.is_buy else point.bid)

    def _place(self) -> None:
        armed = self._armed
        if armed is None:
            self.falls = self.is_buy
            self.point = None if self._limit is None else beyond(self._limit, -1 if self.is_buy else 1, self._tick)
            return
        is_stop = armed.order.order_type in _STOPS
        self.falls = self.is_buy is not is_stop
        way = -1 if self.falls else 1
        terms = armed.order.terms
        is_touched = is_stop and (terms is None or terms.trigger_by is not TriggerBy.MID)
        self.point = (at if is_touched else beyond)(armed.level, way, self._tick)

    def trigger(self) -> None:
        """Wait no more: it is at its limit now, or at market."""
        self._armed = None
        self._place()

    def amend(self, amended: OrderAmended) -> None:
        """Take over other prices."""
        self._limit = amended.limit_price
        if self._armed is not None and amended.trigger_price is not None:
            self._armed.level = amended.trigger_price
        self._place()

    def see(self, point: Point) -> None:
        """Let a trailing trigger follow a price that is shown, as the venue will."""
        if self._armed is not None and self._armed.order.order_type is OrderType.TRAILING_STOP:
            is_triggered(self._armed, self._price(point), self._tick)
            self._place()


def at(level: Decimal, direction: int, tick: Decimal) -> Point:
    """Return the point at which a level is touched, going in a direction: -1 down, 1 up."""
    price, behind = float(level), float(level - direction * tick)
    return Point(price, price, behind) if direction < 0 else Point(price, behind, price)


def beyond(level: Decimal, direction: int, tick: Decimal) -> Point:
    """Return the point one tick behind a level, at which the near side of the market has come to it."""
    price, near = float(level + direction * tick), float(level)
    return Point(price, price, near) if direction < 0 else Point(price, near, price)
