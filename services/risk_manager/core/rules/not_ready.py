"""Refuses entries while positions are not known to be right, such as during a reconciliation with the venue."""

from common.messages import OrderIntent
from services.risk_manager.core.latches import refused_by
from services.risk_manager.core.view import Refusal, View

CODE = 103


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an entry until risk is told that it is ready."""
    return refused_by(view.latches, "not_ready", f"{intent.runner} may only reduce until risk is ready")
