"""Slippage by a share of the price: `slippage_bps`."""

from collections.abc import Callable
from decimal import Decimal

from common.config.costs import CostKeys
from common.instruments import Instrument
from common.money import BASIS_POINT


def of(section: CostKeys) -> Callable[[Decimal, Decimal, Instrument], Decimal]:
    """Return how much worse a taker trades, whatever the size."""
    share = section.slippage_bps * BASIS_POINT

    def away(price: Decimal, quantity: Decimal, instrument: Instrument) -> Decimal:
        return price * share

    return away
