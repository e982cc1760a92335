"""Refuses entries while the circuit breaker is open."""

from common.messages import OrderIntent
from common.money import figure
from services.risk_manager.core.view import Refusal, View

CODE = 104


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an entry until an operator resets the breaker."""
    if not view.breaker:
        return None
    return Refusal(
        figure(view.limits.max_loss),
        view.breaker,
        f"the circuit breaker is open ({view.breaker}); {intent.runner} may only reduce until reset_breaker",
    )
