"""Refuses an entry by which a symbol could exceed the size or the worth that its own [[risk.symbols]] allows."""

from common.messages import OrderIntent
from common.money import figure
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.view import Refusal, View

CODE = 403


def is_configured(limits: Limits) -> bool:
    """Return whether any symbol has a limit of its own."""
    return any(symbol.max_position_size or symbol.max_notional for symbol in limits.symbols.values())


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse what is too much for this symbol."""
    own = view.more.symbol
    if own is None:
        return None
    limit = own.max_position_size
    if limit and view.reach > limit:
        detail = f"{intent.symbol} could reach {figure(view.reach)}, {figure(limit)} are allowed for it"
        return Refusal(
            figure(limit), figure(view.reach), detail, used=figure(view.reach_used), asked=figure(view.quantity)
        )
    limit = own.max_notional
    if limit and view.reach_value > limit:
        detail = (
            f"{intent.symbol} could be worth {figure(view.reach_value)} {view.limits.account_currency}, "
            f"{figure(limit)} are allowed for it"
        )
        asked = figure(view.quantity * view.mark)
        return Refusal(figure(limit), figure(view.reach_value), detail, used=figure(view.value_used), asked=asked)
    return None
