"""Refuses an exit that has nothing to close: the runner is flat, on the other side, or all is being closed already."""

from common.messages import OrderIntent
from common.money import ZERO, figure
from services.risk_manager.core.view import Refusal, View

CODE = 205


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an exit of nothing; one that asks for too much is cut to what there is."""
    if view.reducible > ZERO:
        return None
    return Refusal(
        "0",
        figure(view.quantity),
        f"{intent.runner} has no {intent.symbol} left for a {intent.side} to close, orders on their way deducted",
    )
