"""Refuses an entry when risk.max_open_positions other runners hold a position or are entering one."""

from common.messages import OrderIntent
from services.risk_manager.core.view import Refusal, View

CODE = 401


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse the entry of one runner too many. Adding to an own position is no new one."""
    limit, found = view.limits.max_open_positions, view.others_open + 1
    if found <= limit:
        return None
    return Refusal(
        str(limit),
        str(found),
        f"{intent.runner} would be number {found} of the runners with a position, {limit} are allowed",
        used=str(view.others_open),
        asked="1",
    )
