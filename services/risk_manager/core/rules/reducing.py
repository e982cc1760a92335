"""Refuses entries while an operator lets nothing but reductions through."""

from common.messages import OrderIntent
from services.risk_manager.core.latches import refused_by
from services.risk_manager.core.view import Refusal, View

CODE = 107


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an entry until an operator arms risk again."""
    return refused_by(view.latches, "reducing", f"{intent.runner} may only reduce until it is armed")
