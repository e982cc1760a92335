"""Prices inside a bar at which something happens: stops, targets and resting orders of one symbol.

A bar says that the price went from open to close by way of high and low, not how. Between two of these points it passed
every price, so each level between them is shown to the cores as a quote of its own, in the order of the way.

What is bought at a limit needs a trade below it: going down, the ask stands a tick above the price of the way, going
up the bid a tick below. A level that the way only touches is therefore not reached, save by a stop. Orders that wait for
a trigger are levels like those that rest (`resting.py`); while one trails or ends by time, every bar is gone through.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from math import inf, nextafter
from typing import Any

import msgspec

from common.instruments import Instrument
from common.messages import (
    AnyMessage,
    ApprovedOrder,
    Fill,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderRejected,
    OrderTriggered,
    PositionChanged,
)
from common.money import ZERO, use_money_context
from common.order_terms import rests
from services.backtest.resting import Point, Resting, at, beyond
from services.risk_manager.core.protection import Protection


class _Held:
    """A position. falling, rising: its levels on the way down and up. protection: as risk keeps it, for what trails."""

    __slots__ = ("falling", "is_long", "protection", "quantity", "rising")

    def __init__(self, quantity: Decimal) -> None:
        self.quantity = quantity
        self.is_long = quantity > ZERO
        self.protection = Protection()
        self.falling: list[Point] = []
        self.rising: list[Point] = []


class Levels:
    """Knows from the order flow what is held and what rests in one symbol. trailing_share: risk's, 0 for none."""

    def __init__(self, instrument: Instrument, trailing_share: float) -> None:
        self._tick = instrument.tick_size
        self._tick_float = float(instrument.tick_size)
        self._trailing = trailing_share
        self._held: dict[str, _Held] = {}
        self._sent: dict[str, ApprovedOrder] = {}
        self._resting: dict[str, Resting] = {}
        self._latest: Point | None = None
        self._follows = self._trailing > 0
        self.is_needed = False
        self._bounds: tuple[float, float] | None = None
        self._has_changed = False
        self._follow: dict[type, Callable[[Any], None]] = {
            PositionChanged: self._follow_position,
            Fill: self._follow_fill,
            ApprovedOrder: self._follow_order,
            OrderAccepted: self._follow_accepted,
            OrderTriggered: self._follow_change,
            OrderAmended: self._follow_change,
            OrderRejected: self._follow_end,
            OrderCancelled: self._follow_end,
        }

    def follow(self, published: Sequence[AnyMessage]) -> None:
        """Take messages of the cores, in order; all that have a symbol must be of this one."""
        follow = self._follow
        for message in published:
            taken_by = follow.get(type(message))
            if taken_by is not None:
                taken_by(message)
        if self._has_changed:
            self._changed()

    def _changed(self) -> None:
        self._has_changed = False
        self.is_needed = bool(self._held or self._resting)
        self._follows, self._bounds = self._trailing > 0, None
        for held in self._held.values():
            if held.protection.guards is not None:
                self._follows = True

    def _follow_fill(self, fill: Fill) -> None:
        if fill.runner not in self._held:
            held = self._held[fill.runner] = _Held(ZERO)
            held.protection.best = float(fill.price)
        if self._resting and not fill.remaining_quantity:
            self._resting.pop(fill.order_id, None)
        self._has_changed = True

    def _follow_order(self, order: ApprovedOrder) -> None:
        if rests(order.order_type, order.time_in_force):
            self._sent[order.id] = order

    def _follow_accepted(self, accepted: OrderAccepted) -> None:
        order = self._sent.pop(accepted.order_id, None) if self._sent else None
        if order is not None:
            use_money_context()
            self._resting[order.id] = Resting(order, self._latest, self._tick)
            self._has_changed = True

    def _follow_change(self, changed: OrderTriggered | OrderAmended) -> None:
        resting = self._resting.get(changed.order_id)
        if resting is not None:
            if isinstance(changed, OrderAmended):
                resting.amend(changed)
            else:
                resting.trigger()
            self._has_changed = True

    def _follow_end(self, ended: OrderRejected | OrderCancelled) -> None:
        self._sent.pop(ended.order_id, None)
        self._resting.pop(ended.order_id, None)
        self._has_changed = True

    def _follow_position(self, changed: PositionChanged) -> None:
        if changed.quantity:
            self._held[changed.runner] = _holding(changed, self._held.get(changed.runner), self._tick)
        else:
            self._held.pop(changed.runner, None)
        self._has_changed = True

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the price at or below which something can happen on the way down, and that for the way up."""
        if self._bounds is None:
            self._bounds = _bounds_of(self._resting.values(), self._held.values(), follows=self._follows)
        return self._bounds

    def is_passed(self, price: float) -> bool:
        """Return whether a price lies at or beyond a stop or target of what is held."""
        return any(
            any(price <= point.ask for point in held.falling) or any(price >= point.bid for point in held.rising)
            for held in self._held.values()
        )

    def goes_down_first(self) -> bool:
        """Return whether the conservative way begins downwards.

        It begins against what is held: down, unless all positions are short. With none, and only buyers waiting, it
        goes up first, so that they buy as late as possible, or meet the fall after their stop.
        """
        for held in self._held.values():
            if held.is_long:
                return True
        if self._held:
            return False
        return not self._resting or any(not resting.is_buy for resting in self._resting.values())

    def next_point(self, price: float, end: float) -> Point:
        """Return the first level behind `price` on the way to `end`, or the end itself."""
        falling = end < price
        best: Point | None = None
        for point in self._on_the_way(falling=falling):
            if falling:
                if end <= point.price < price and (best is None or point.price > best.price):
                    best = point
            elif price < point.price <= end and (best is None or point.price < best.price):
                best = point
        if best is not None:
            return best
        return self.point(end, -1 if falling else 1)

    def _on_the_way(self, *, falling: bool) -> list[Point]:
        points = [resting.point for resting in self._resting.values() if resting.point and resting.falls is falling]
        for held in self._held.values():
            points += held.falling if falling else held.rising
            if self._follows and held.is_long is falling:
                stop = held.protection.trailing_stop(self._trailing, is_long=held.is_long)
                if stop is not None:
                    points.append(self.point(stop, -1 if falling else 1))
        return points

    def point(self, price: float, direction: int) -> Point:
        """Return bid and ask at a price of the way; direction: -1 down, 1 up, 0 for one price on both sides."""
        if direction < 0:
            return Point(price, price, max(price + self._tick_float, nextafter(price, inf)))
        if direction > 0:
            behind = min(price - self._tick_float, nextafter(price, 0.0))
            return Point(price, behind if behind > 0.0 else price, price)
        return Point(price, price, price)

    def show(self, point: Point) -> None:
        """Note that a point was shown, which trailing stops follow."""
        self._latest = point
        if self._follows:
            for held in self._held.values():
                kept = held.protection
                kept.best = max(kept.best, point.bid) if held.is_long else min(kept.best, point.ask)
        for resting in self._resting.values():
            resting.see(point)


def follow_of(levels: Mapping[str, Levels]) -> Callable[[Sequence[AnyMessage]], None]:
    """Return what takes messages of the cores for the levels of their symbols."""
    if len(levels) == 1:
        (only,) = levels.values()
        return only.follow

    def follow(published: Sequence[AnyMessage]) -> None:
        for message in published:
            of_symbol = levels.get(getattr(message, "symbol", ""))
            if of_symbol is not None:
                of_symbol.follow((message,))

    return follow


def _bounds_of(all_resting: Iterable[Resting], all_held: Iterable[_Held], *, follows: bool) -> tuple[float, float]:
    falling, rising = -inf, inf  # loops, because `max` and `min` take four times as long
    for resting in all_resting:
        if resting.is_restless:
            return inf, -inf
        if resting.point and resting.falls:
            falling = max(falling, resting.point.ask)
        elif resting.point:
            rising = min(rising, resting.point.bid)
    for held in all_held:
        if follows:
            return inf, -inf
        for point in held.falling:
            falling = max(falling, point.ask)
        for point in held.rising:
            rising = min(rising, point.bid)
    return falling, rising


def _holding(changed: PositionChanged, before: _Held | None, tick: Decimal) -> _Held:
    held = _Held(changed.quantity)
    protection = held.protection
    if before is not None and (before.quantity == ZERO or before.is_long is held.is_long):
        protection.best = before.protection.best
    else:
        protection.best = float(changed.average_price)
    if changed.guards is not msgspec.UNSET:
        protection.guard(changed.guards)
    stop, target = changed.stop_price, changed.target_price
    with_us, against_us = (held.rising, held.falling) if held.is_long else (held.falling, held.rising)
    side = 1 if held.is_long else -1
    if stop is not None:
        against_us.append(at(stop, -side, tick))
    if target is not None:
        with_us.append(beyond(target, side, tick))
    if protection.guards is not None and protection.guards.breakeven_at is not None:
        with_us.append(beyond(protection.guards.breakeven_at, side, tick))
    return held
