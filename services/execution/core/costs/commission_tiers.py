"""Fees that fall with what was traded: the tier is found by the notional before the fill, and holds for all of it."""

from bisect import bisect_right
from collections.abc import Callable
from decimal import Decimal

from common.config.costs import CostKeys
from common.messages import Liquidity
from common.money import BASIS_POINT


def of(section: CostKeys) -> Callable[[Decimal, Decimal, Liquidity, Decimal], Decimal]:
    """Return the fee of a fill."""
    starts = [tier.from_notional for tier in section.fee_tiers]
    takers = [tier.taker_fee_bps * BASIS_POINT for tier in section.fee_tiers]
    makers = [tier.maker_fee_bps * BASIS_POINT for tier in section.fee_tiers]

    def fee(price: Decimal, quantity: Decimal, liquidity: Liquidity, before: Decimal) -> Decimal:
        tier = bisect_right(starts, before) - 1
        return price * quantity * (takers if liquidity is Liquidity.TAKER else makers)[tier]

    return fee
