"""Refuses entries after risk.max_daily_loss was lost since midnight UTC, until the next day or `orrery arm`."""

from common.messages import OrderIntent
from services.risk_manager.core.latches import refused_by
from services.risk_manager.core.view import Refusal, View

CODE = 106


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an entry on a day on which enough was lost."""
    return refused_by(view.latches, "daily_loss", f"{intent.runner} may only reduce until midnight UTC")
