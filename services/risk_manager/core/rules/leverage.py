"""Refuses an entry by which all positions together could exceed risk.max_leverage times the equity."""

from common.messages import OrderIntent
from common.money import ZERO, figure, ratio
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.view import Refusal, View

CODE = 407


def is_configured(limits: Limits) -> bool:
    """Return whether leverage has a limit."""
    return bool(limits.max_leverage)


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse when the sum of |position| x mark, orders on their way included, is too large for the equity."""
    exposure, limit, equity = view.others_value + view.reach_value, view.limits.max_leverage, view.equity
    if exposure <= limit * equity:
        return None
    if equity <= ZERO:
        return Refusal(figure(limit), "no equity", f"{intent.id} needs equity, there is {figure(equity)}")
    found = figure(ratio(exposure, equity))
    return Refusal(
        figure(limit),
        found,
        f"with {intent.id} the exposure could be {figure(exposure)}, {found} times the equity {figure(equity)}; "
        f"{figure(limit)} times are allowed",
        used=figure(ratio(view.others_value + view.value_used, equity)),
        asked=figure(ratio(view.more.worth, equity)),
    )
