"""Refuses an entry by which the symbols of a [[risk.groups]], which move together, could exceed their shared limit."""

from common.messages import OrderIntent
from common.money import figure
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.view import Refusal, View

CODE = 405


def is_configured(limits: Limits) -> bool:
    """Return whether there are groups."""
    return bool(limits.groups)


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse what is too much for any group that the symbol is in."""
    for use in view.more.groups:
        limit = use.group.max_notional
        if use.found > limit:
            detail = (
                f"with {intent.id} the group {use.group.name} could be worth {figure(use.found)} "
                f"{view.limits.account_currency}, {figure(limit)} are allowed"
            )
            asked = figure(view.more.worth)
            return Refusal(figure(limit), figure(use.found), detail, used=figure(use.used), asked=asked)
    return None
