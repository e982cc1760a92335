"""A runner's view of its own position: what its fills add up to. Risk keeps the books; this is what a strategy sees."""

from decimal import Decimal

import msgspec

from common.messages import Side
from common.money import ZERO, ratio
from services.signal.core.host import PositionView


class Position(msgspec.Struct):
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
        before, signed = self.quantity, quantity * side.sign
        after = before + signed
        if before == ZERO or (before > ZERO) == (signed > ZERO):
            self.entry_price = ratio(self.entry_price * abs(before) + price * quantity, abs(after))
        elif after == ZERO:
            self.entry_price, self.stop, self.target = ZERO, None, None
        elif (after > ZERO) != (before > ZERO):
            self.entry_price = price
        self.quantity = after

    def unrealised(self, price: float) -> float:
        """Return profit and loss at a price, quote units."""
        return (price - float(self.entry_price)) * float(self.quantity)

    def view(self) -> PositionView | None:
        """Return it as strategies see it; None when flat."""
        if not self.is_open:
            return None
        stop = None if self.stop is None else float(self.stop)
        target = None if self.target is None else float(self.target)
        return PositionView(float(self.quantity), float(self.entry_price), stop, target)
