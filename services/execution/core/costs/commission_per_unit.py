"""Fees by the unit, as for shares: at least so much a fill, at most so many percent of its notional."""

from collections.abc import Callable
from decimal import Decimal

from common.config.costs import CostKeys
from common.messages import Liquidity
from common.money import PERCENT


def of(section: CostKeys) -> Callable[[Decimal, Decimal, Liquidity, Decimal], Decimal]:
    """Return the fee of a fill."""
    rate, least, most = section.fee_per_unit, section.fee_minimum, section.fee_maximum_percent * PERCENT

    def fee(price: Decimal, quantity: Decimal, liquidity: Liquidity, before: Decimal) -> Decimal:
        asked = max(rate * quantity, least)
        return min(asked, price * quantity * most) if most else asked

    return fee
