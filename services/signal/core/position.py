"""A runner's view of its own position: what its fills add up to. Risk keeps the books; this is what a strategy sees."""

from decimal import Decimal

import msgspec

from common.messages import Side
from common.money import ZERO, ratio
from services.signal.core.host import PositionView


class Position(msgspec.Struct, gc=False):
    """quantity: base units, negative when short. Prices in quote units; entry_price is the mean over what is held."""

    quantity: Decimal = ZERO
    entry_price: Decimal = ZERO
    stop: Decimal | None = None
    target: Decimal | None = None

    @property
    def is_open(self) -> bool:
        """Return whether anything is held."""
        return self.quantity != ZERO

    @property
    def side(self) -> Side:
        """Return the side that opened it."""
        return Side.SELL if self.quantity < ZERO else Side.BUY

    def apply(self, side: Side, quantity: Decimal, price: Decimal) -> None:
        """Add a fill. Adding averages the entry price, reducing keeps it, going through zero begins anew."""
        before, is_buy = self.quantity, side is Side.BUY
        after = before + quantity if is_buy else before - quantity
        if not before or (before > ZERO) is is_buy:
            self.entry_price = ratio(self.entry_price * abs(before) + price * quantity, abs(after))
        elif not after:
            self.entry_price, self.stop, self.target = ZERO, None, None
        elif (after > ZERO) is is_buy:
            self.entry_price = price
        self.quantity = after

    def unrealised(self, price: float) -> float:
        """Return profit and loss at a price, quote units."""
        return (price - float(self.entry_price)) * float(self.quantity)

    def view(self) -> PositionView | None:
        """Return it as strategies see it; None when flat."""
        quantity = self.quantity
        if not quantity:
            return None
        stop = None if self.stop is None else float(self.stop)
        target = None if self.target is None else float(self.target)
        return PositionView(float(quantity), float(self.entry_price), stop, target)
