"""Refuses an entry whose price lies farther from the mark than risk.price_collar_percent.

The prices are those of limit and trigger; of a market order it is the price that the strategy decided on.
"""

from decimal import Decimal

from msgspec import UNSET

from common.messages import OrderIntent
from common.money import HUNDRED, figure, ratio
from services.risk_manager.core.limits import Limits
from services.risk_manager.core.view import Refusal, View

CODE = 302


def is_configured(limits: Limits) -> bool:
    """Return whether there is a collar."""
    return bool(limits.collar_share)


def check(intent: OrderIntent, view: View) -> Refusal | None:
    """Refuse a price that is a mistake, or that was decided on another market than there is."""
    share, mark = view.limits.collar_share, view.mark
    price = farthest(intent, mark)
    away = abs(price - mark)
    if away <= share * mark:
        return None
    limit, found = f"{figure(share * HUNDRED)} %", f"{figure(ratio(away * HUNDRED, mark))} %"
    return Refusal(
        limit,
        found,
        f"the price {figure(price)} lies {found} from the mark {figure(mark)}, {limit} are allowed",
        asked=figure(price),
    )


def farthest(intent: OrderIntent, mark: Decimal) -> Decimal:
    """Return the price of an order that lies farthest from the mark."""
    named = [] if intent.limit_price is None else [intent.limit_price]
    if intent.terms is not UNSET and intent.terms.trigger_price is not None:
        named.append(intent.terms.trigger_price)
    return max(named, key=lambda price: abs(price - mark)) if named else intent.reference_price
