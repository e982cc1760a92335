"""Refuses a quantity, named or sized, that is no positive number of lots, and an entry worth less than the symbol's least."""

from common.messages import IntentKind, OrderIntent
from common.money import ZERO, figure
from services.risk_manager.core.view import Refusal, View

CODE = 204


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an order that no venue would take for its size."""
    instrument = view.instrument
    if view.quantity <= ZERO and view.sizing is not None:
        return Refusal(figure(instrument.lot_size), figure(view.quantity), f"no size: {view.sizing.missing}")
    if view.quantity <= ZERO:
        return Refusal(
            figure(instrument.lot_size),
            str(intent.quantity),
            f"{intent.quantity} {intent.symbol} is less than one lot of {figure(instrument.lot_size)}",
        )
    if intent.kind is IntentKind.EXIT or not instrument.min_notional:
        return None
    notional = view.quantity * (view.mark if intent.limit_price is None else intent.limit_price)
    if notional >= instrument.min_notional:
        return None
    return Refusal(
        figure(instrument.min_notional),
        figure(notional),
        f"the order is worth {figure(notional)} {instrument.quote}, the least is {figure(instrument.min_notional)}",
    )
