"""Refuses an entry by which all positions together could exceed risk.max_notional_exposure."""

from common.messages import OrderIntent
from common.money import figure
from services.risk_manager.core.view import Refusal, View

CODE = 406


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse when the sum of |position| x mark, orders on their way included, would be too large."""
    found, limit = view.others_value + view.reach_value, view.limits.max_notional_exposure
    if found <= limit:
        return None
    return Refusal(
        figure(limit),
        figure(found),
        f"with {intent.id} the exposure could be {figure(found)} {view.limits.account_currency}, "
        f"{figure(limit)} are allowed",
        used=figure(view.others_value + view.value_used),
        asked=figure(view.quantity * view.mark),
    )
