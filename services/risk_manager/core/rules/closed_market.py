"""Refuses entries on a symbol outside the trading hours that its [[risk.symbols]] names."""

from common.messages import OrderIntent
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.view import Refusal, View

CODE = 201


def is_configured(limits: Limits) -> bool:
    """Return whether any symbol has hours."""
    return any(symbol.hours is not None for symbol in limits.symbols.values())


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an entry that would wait for the market to open, or meet nobody."""
    limit, now_ns = view.more.symbol, view.more.now_ns
    if limit is None or limit.hours is None or limit.hours.contains(now_ns):
        return None
    found = limit.hours.shown(now_ns)
    return Refusal(limit.hours.text, found, f"{intent.symbol} trades {limit.hours.text} UTC, it is {found}")
