"""The truth of the lying venue: its orders, fills and positions."""

from decimal import Decimal

import msgspec

from common.messages import Liquidity, Side, VenueRejectReason
from services.execution.core.asking import OrderStanding, OrderView
from services.execution.core.venue import VenueFilled
from services.execution.core.venues.gateway import SubmitBody

FEE_RATE = Decimal("0.001")


class Held(msgspec.Struct):
    """An order as the venue holds it. arrivals: how often it was submitted."""

    body: SubmitBody
    taken_ns: int
    filled: Decimal = Decimal(0)
    standing: OrderStanding = OrderStanding.OPEN
    ended_ns: int = 0
    arrivals: int = 1
    fills: list[int] = []

    @property
    def left(self) -> Decimal:
        """Return what is not filled."""
        return self.body.quantity - self.filled

    def view(self) -> OrderView:
        """Return the order as its owner is told of it."""
        body = self.body
        reason = VenueRejectReason.NO_MARKET if self.standing is OrderStanding.REJECTED else None
        trigger = None if body.terms is msgspec.UNSET else body.terms.trigger_price
        return OrderView(
            body.id, body.symbol, self.standing, body.quantity, self.filled, reason, "", body.limit_price, trigger
        )


class Book:
    """Orders by id, fills by number, what is held of each symbol, and what was paid for it."""

    def __init__(self) -> None:
        self.orders: dict[str, Held] = {}
        self.open: dict[str, Held] = {}
        self.fills: list[tuple[int, VenueFilled]] = []
        self.positions: dict[str, Decimal] = {}
        self.cash = Decimal(0)

    def take(self, body: SubmitBody, now_ns: int) -> Held:
        """Take an order; one that is known counts as having arrived again."""
        held = self.orders.get(body.id)
        if held is not None:
            held.arrivals += 1
            return held
        held = self.orders[body.id] = self.open[body.id] = Held(body, now_ns)
        return held

    def fill(self, held: Held, quantity: Decimal, price: Decimal, now_ns: int) -> VenueFilled:
        """Trade a part of an order, whatever was said of it."""
        body, number = held.body, len(self.fills) + 1
        fee = quantity * price * FEE_RATE
        maker = body.limit_price is not None and held.taken_ns < now_ns
        filled = VenueFilled(
            body.id, number, body.symbol, body.side, quantity, price, fee, "USDT",
            Liquidity.MAKER if maker else Liquidity.TAKER,
        )  # fmt: skip
        self.fills.append((now_ns, filled))
        held.fills.append(number)
        held.filled += quantity
        signed = quantity if body.side is Side.BUY else -quantity
        self.positions[body.symbol] = self.positions.get(body.symbol, Decimal(0)) + signed
        self.cash -= signed * price + fee
        if not held.left:
            self.end(held, OrderStanding.FILLED, now_ns)
        return filled

    def end(self, held: Held, standing: OrderStanding, now_ns: int) -> None:
        """End an order."""
        held.standing, held.ended_ns = standing, now_ns
        self.open.pop(held.body.id, None)
