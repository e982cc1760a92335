"""Refuses an entry when risk.max_orders orders were approved within risk.order_window_ms. Exits count, and pass."""

from common.messages import OrderIntent
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.view import Refusal, View

CODE = 303
MILLISECOND_NS = 1_000_000


def is_configured(limits: Limits) -> bool:
    """Return whether there is a limit of the rate."""
    return limits.max_orders > 0


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse one order too many in the window."""
    limit, used = view.limits.max_orders, view.more.orders
    if used < limit:
        return None
    window = f"{view.limits.order_window_ns // MILLISECOND_NS} ms"
    return Refusal(
        f"{limit} in {window}",
        str(used + 1),
        f"{intent.id} would be order number {used + 1} within {window}, {limit} are allowed",
        used=str(used),
        asked="1",
    )
