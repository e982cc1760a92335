"""Positions: what each runner holds of its symbol, what it cost, and what closing it brought.

Signs: a short position has negative quantity and negative cost. Realised P&L is what closed units brought, less their
cost, less the fees paid in the symbol's quote currency. Nothing is lost to rounding: at any mark price,
cash + quantity * mark == initial cash + realised + (quantity * mark - cost), to the last digit.
"""

from decimal import Decimal

import msgspec

from common.messages import Fill, Side
from common.money import ZERO, ratio
from services.risk_manager.core.costing import Costing
from services.risk_manager.core.costing.lot import Lot
from services.risk_manager.core.protection import Protection


class Position(msgspec.Struct, kw_only=True):
    """A runner's position in its symbol. Quantities in base units, money in the quote currency.

    buying and selling: approved and not yet filled. entries: entry orders on their way. is_open: it holds something or
    an entry is on its way; kept by `Desk.changed`. opened_realised: realised when it was opened; kept for the breaker's
    streak alone.
    """

    runner: str
    strategy: str
    symbol: str
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    lots: list[Lot] = []
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    buying: Decimal = ZERO
    selling: Decimal = ZERO
    entries: int = 0
    opened_realised: Decimal = ZERO
    is_open: bool = False
    protection: Protection = msgspec.field(default_factory=Protection)

    @property
    def average_price(self) -> Decimal:
        """Return what a unit cost, to RATIO_PRECISION digits; 0 when flat."""
        return ratio(self.cost, self.quantity) if self.quantity else ZERO

    def reducible(self, side: Side) -> Decimal:
        """Return how much an order of `side` can take off without turning it around, orders on their way deducted."""
        return self.quantity - self.selling if side is Side.SELL else -self.quantity - self.buying


def book(position: Position, fill: Fill, notional: Decimal, currency: str, costing: Costing) -> Decimal:
    """Book a fill worth `notional` into its position; return what it realised.

    The fee is deducted from that if it is in `currency`, the symbol's quote currency. A fill against the position closes units at their cost; what is left over opens the other side.
    """
    quantity, price = fill.quantity, fill.price
    assert quantity > ZERO, f"{fill.id}: expected a positive quantity, found {quantity}"
    is_buy = fill.side is Side.BUY
    held = position.quantity
    if held and (held > ZERO) is not is_buy:
        closed, size = quantity, -held if is_buy else held
        if size < quantity:
            closed = size
        realised = _close(position, -closed if is_buy else closed, price, costing)
        rest = quantity - closed
        if rest:
            _open(position, rest if is_buy else -rest, rest * price if is_buy else -rest * price, costing)
    else:
        realised = ZERO
        _open(position, quantity if is_buy else -quantity, notional if is_buy else -notional, costing)
    if fill.fee_currency == currency:
        realised -= fill.fee
        position.fees += fill.fee
    position.realised += realised
    return realised


def _close(position: Position, quantity: Decimal, price: Decimal, costing: Costing) -> Decimal:
    cost = costing.take(position.lots, quantity)
    position.quantity -= quantity
    position.cost -= cost
    return quantity * price - cost


def _open(position: Position, quantity: Decimal, cost: Decimal, costing: Costing) -> None:
    costing.add(position.lots, quantity, cost)
    position.quantity += quantity
    position.cost += cost
