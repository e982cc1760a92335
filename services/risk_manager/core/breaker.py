"""The circuit breaker: once too much is lost it stays open, and entries are refused, until an operator resets it."""

from decimal import Decimal

import msgspec

from common.money import ZERO, figure


class Breaker(msgspec.Struct):
    """reason: why it is open, empty while it is closed. baseline: P&L from which the loss is counted."""

    reason: str = ""
    baseline: Decimal = ZERO
    times_opened: int = 0

    def trip(self, reason: str) -> None:
        """Open it; what opened it first stays the reason."""
        if not self.reason:
            self.reason = reason
            self.times_opened += 1

    def watch(self, pnl: Decimal, max_loss: Decimal) -> None:
        """Open it if the loss since the baseline has reached `max_loss`."""
        loss = self.baseline - pnl
        if loss >= max_loss:
            self.trip(f"lost {figure(loss)}, the threshold is {figure(max_loss)}")

    def reset(self, pnl: Decimal) -> None:
        """Close it and count the loss from here: what is lost already would open it again at once."""
        self.reason = ""
        self.baseline = Decimal(figure(pnl))  # equal figures, equal bytes: P&L comes with whatever zeros its sum left
