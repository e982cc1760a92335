"""Refuses an entry whose price lies farther from the mark than risk.price_collar_percent.

The price is the limit price; of a market order it is the price that the strategy decided on.
"""

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
    price = intent.reference_price if intent.limit_price is None else intent.limit_price
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
