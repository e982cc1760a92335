"""The tick of a symbol that no configuration names, where its prices are too small for the usual one."""

import math
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from common.instruments import MAX_PLACES, Instrument
from services.backtest.bars_table import PRICES, BarTable

FEWEST_TICKS = 100
"""Ticks in a price below which rounding to the tick changes what a run finds."""
MOST_DIGITS = 8
"""Digits of the lowest price that a tick keeps: those behind are what computing left."""
LOOKED_AT = 20_000
"""Different prices of a table whose digits are counted."""


def tick_of(table: BarTable, usual: Decimal) -> Decimal:
    """Return the usual tick, or a finer one where the lowest price has few of it and prices lie between two ticks."""
    lowest = float(table.low.min()) if len(table) else math.inf
    if lowest >= FEWEST_TICKS * float(usual):
        return usual
    prices = np.unique(np.concatenate([_column(table, name) for name in PRICES]))[:LOOKED_AT]
    places = max(_places(price) for price in prices.tolist())
    most = min(MAX_PLACES, math.ceil(-math.log10(lowest)) + MOST_DIGITS)
    return min(usual, Decimal(1).scaleb(-min(places, most)))


def tick_notes(known: Mapping[str, Instrument], lowest: Mapping[str, float], usual: Decimal) -> list[str]:
    """Return a note for each symbol whose lowest price made its tick finer, or has too few ticks of the usual size."""
    notes = []
    for symbol, price in lowest.items():
        tick = known[symbol].tick_size
        if tick < usual:
            text = f"so a tick of {tick:f} is taken from them; tick_size in [[instruments]] of a configuration sets it"
        elif price < FEWEST_TICKS * float(tick):
            text = (
                f"fewer than {FEWEST_TICKS} ticks of {tick:f}: fills round to the tick and protective exits may be rejected; "
                "set tick_size in [[instruments]] of a configuration"
            )
        else:
            continue
        notes.append(f"{symbol}: prices down to {price:g}, {text}")
    return notes


def _column(table: BarTable, name: str) -> npt.NDArray[np.float64]:
    column: npt.NDArray[np.float64] = getattr(table, name)
    return column


def _places(price: float) -> int:
    exponent = Decimal(repr(price)).normalize().as_tuple().exponent
    assert isinstance(exponent, int), "prices are finite"
    return max(0, -exponent)
