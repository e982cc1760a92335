"""Refuses an entry by which a symbol's net position could exceed risk.max_position_size or the account's share.

What counts is how far the position could go: all runners that hold the intent's side, and all orders on their way to
it, because any runner on the other side may close at any moment. So no order of fills leads past the limit.
"""

from common.messages import OrderIntent
from common.money import figure
from services.risk_manager.core.view import Refusal, View

CODE = 402


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse a position too large in units, or too large for the account."""
    limits = view.limits
    if view.reach > limits.max_position_size:
        return Refusal(
            figure(limits.max_position_size),
            figure(view.reach),
            f"{intent.symbol} could reach {figure(view.reach)}, {figure(limits.max_position_size)} are allowed",
            used=figure(view.reach_used),
            asked=figure(view.quantity),
        )
    share = limits.max_account_risk * view.equity
    if view.reach_value > share:
        return Refusal(
            figure(share),
            figure(view.reach_value),
            f"{intent.symbol} could be worth {figure(view.reach_value)} {limits.account_currency}, which is more than "
            f"{figure(limits.max_account_risk)} of the equity {figure(view.equity)}",
            used=figure(view.value_used),
            asked=figure(view.quantity * view.mark),
        )
    return None
