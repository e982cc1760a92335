"""Refuses entries after the equity fell by risk.max_drawdown_percent from its peak, until `orrery arm`."""

from common.messages import OrderIntent
from services.risk_manager.core.latches import refused_by
from services.risk_manager.core.view import Refusal, View

CODE = 105


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an entry after a fall too deep."""
    return refused_by(view.latches, "drawdown", f"{intent.runner} may only reduce until it is armed")
