"""Refuses an entry larger than risk.max_order_quantity, or worth more than risk.max_order_notional."""

from common.messages import OrderIntent
from common.money import figure
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.view import Refusal, View

CODE = 301


def is_configured(limits: Limits) -> bool:
    """Return whether single orders have a limit."""
    return bool(limits.max_order_quantity or limits.max_order_notional)


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse a single order too large in units or in money."""
    limits, quantity, worth = view.limits, view.quantity, view.more.worth
    limit = limits.max_order_quantity
    if limit and quantity > limit:
        asked = figure(quantity)
        detail = f"{intent.id} asks for {asked} {view.instrument.base} at once, {figure(limit)} are allowed"
        return Refusal(figure(limit), asked, detail, asked=asked)
    limit = limits.max_order_notional
    if limit and worth > limit:
        asked = figure(worth)
        detail = f"{intent.id} is worth {asked} {limits.account_currency}, {figure(limit)} are allowed at once"
        return Refusal(figure(limit), asked, detail, asked=asked)
    return None
