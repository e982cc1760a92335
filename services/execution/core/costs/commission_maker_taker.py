"""Fees by a share of the notional, one for those who take, one for those who make, which may be a rebate."""

from collections.abc import Callable
from decimal import Decimal

from common.config.costs import CostKeys
from common.messages import Liquidity
from common.money import BASIS_POINT


def of(section: CostKeys) -> Callable[[Decimal, Decimal, Liquidity, Decimal], Decimal]:
    """Return the fee of a fill."""
    taker, maker = section.taker_fee_bps * BASIS_POINT, section.maker_fee_bps * BASIS_POINT

    def fee(price: Decimal, quantity: Decimal, liquidity: Liquidity, before: Decimal) -> Decimal:
        return price * quantity * (taker if liquidity is Liquidity.TAKER else maker)

    return fee
