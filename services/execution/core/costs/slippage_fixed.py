"""Slippage by a number of ticks: `slippage_ticks`."""

from collections.abc import Callable
from decimal import Decimal

from common.config.costs import CostKeys
from common.instruments import Instrument


def of(section: CostKeys) -> Callable[[Decimal, Decimal, Instrument], Decimal]:
    """Return how much worse a taker trades, whatever price and size."""
    ticks = section.slippage_ticks

    def away(price: Decimal, quantity: Decimal, instrument: Instrument) -> Decimal:
        return ticks * instrument.tick_size

    return away
