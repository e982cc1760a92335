"""Refuses entries on a symbol whose market is not live or whose last quote is older than risk.max_market_age_ms."""

from common.messages import MarketState, OrderIntent
from services.risk_manager.core.view import Refusal, View

CODE = 202
MILLISECOND_NS = 1_000_000


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse an entry that nobody knows the market for. Age counts from when we received the quote."""
    if view.market_state is not None and view.market_state is not MarketState.LIVE:
        return Refusal(MarketState.LIVE, view.market_state, f"the market of {intent.symbol} is {view.market_state}")
    age_ns, limit_ns = view.quote_age_ns, view.limits.max_market_age_ns
    if age_ns is not None and age_ns <= limit_ns:
        return None
    limit = f"{limit_ns // MILLISECOND_NS} ms"
    if age_ns is None:
        return Refusal(limit, "no quote", f"there is no quote of {intent.symbol} to go by")
    found = f"{age_ns // MILLISECOND_NS} ms"
    return Refusal(limit, found, f"the last quote of {intent.symbol} is {found} old, {limit} are allowed")
