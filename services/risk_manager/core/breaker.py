"""The circuit breaker: once open, entries are refused until an operator resets it, or until it has cooled down."""

from decimal import Decimal

import msgspec

from common.money import ZERO, figure


class Breaker(msgspec.Struct):
    """reason: why it is open, empty while it is closed. baseline: P&L from which the loss is counted.

    opened_ns: since when, 0 while it is closed. needs_operator: time alone must not close it.
    """

    reason: str = ""
    baseline: Decimal = ZERO
    times_opened: int = 0
    opened_ns: int = 0
    needs_operator: bool = False

    def trip(self, reason: str, *, needs_operator: bool = False) -> None:
        """Open it; what opened it first stays the reason."""
        self.needs_operator |= needs_operator
        if not self.reason:
            self.reason = reason
            self.times_opened += 1

    def has_cooled(self, now_ns: int, cooldown_ns: int) -> bool:
        """Return whether it has been open long enough; nothing cools without a time to cool."""
        return (
            bool(cooldown_ns and self.opened_ns and not self.needs_operator) and now_ns - self.opened_ns >= cooldown_ns
        )

    def watch(self, pnl: Decimal, max_loss: Decimal) -> None:
        """Open it if the loss since the baseline has reached `max_loss`."""
        loss = self.baseline - pnl
        if loss >= max_loss:
            self.trip(f"lost {figure(loss)}, the threshold is {figure(max_loss)}")

    def reset(self, pnl: Decimal) -> None:
        """Close it and count the loss from here: what is lost already would open it again at once."""
        self.reason = ""
        self.opened_ns = 0
        self.needs_operator = False
        self.baseline = Decimal(figure(pnl))  # equal figures, equal bytes: P&L comes with whatever zeros its sum left
