"""Refuses an entry by which all runners of a strategy could exceed what its [[risk.strategies]] allows."""

from common.messages import OrderIntent
from common.money import figure
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.view import Refusal, View

CODE = 404


def is_configured(limits: Limits) -> bool:
    """Return whether any strategy has a limit of its own."""
    return bool(limits.strategies)


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse what is too much for this strategy."""
    use = view.more.strategy
    if use is None:
        return None
    most = use.limit.max_open_positions
    if most and use.others_open + 1 > most:
        found = use.others_open + 1
        detail = f"{intent.runner} would be number {found} of {intent.strategy} with a position, {most} are allowed"
        return Refusal(str(most), str(found), detail, used=str(use.others_open), asked="1")
    limit = use.limit.max_notional
    if limit and use.found > limit:
        detail = (
            f"{intent.strategy} could be worth {figure(use.found)} {view.limits.account_currency}, "
            f"{figure(limit)} are allowed for it"
        )
        asked = figure(view.more.worth)
        return Refusal(figure(limit), figure(use.found), detail, used=figure(use.used), asked=asked)
    return None
