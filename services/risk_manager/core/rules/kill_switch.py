"""Refuses entries after an operator's `orrery kill`, until `orrery arm`."""

from common.messages import OrderIntent
from services.risk_manager.core.latches import refused_by
from services.risk_manager.core.view import Refusal, View

CODE = 102


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an entry while everything is halted."""
    return refused_by(view.latches, "kill_switch", f"{intent.runner} may only reduce until it is armed")
