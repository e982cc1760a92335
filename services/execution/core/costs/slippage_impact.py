"""Slippage by size: the square-root law of market impact.

impact = volatility x sqrt(quantity / volume), both of one day, as a fraction of the price (Almgren, Thum, Hauptmann and Li
2005; Toth and others 2011). An order as large as the day moves the price by a day's volatility, and none by more.
"""

from collections.abc import Callable
from decimal import Decimal

from common.config.costs import CostKeys
from common.instruments import Instrument
from common.money import ONE, PERCENT, ZERO, ratio


def of(section: CostKeys) -> Callable[[Decimal, Decimal, Instrument], Decimal]:
    """Return how much worse a taker trades, growing with the root of the size."""
    volatility, volume = section.impact_volatility_percent * PERCENT, section.impact_volume

    def away(price: Decimal, quantity: Decimal, instrument: Instrument) -> Decimal:
        if not volume:
            return ZERO
        return price * volatility * min(ratio(quantity, volume), ONE).sqrt()

    return away
