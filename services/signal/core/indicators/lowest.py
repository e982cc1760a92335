"""The lowest low of the n bars before the current one.

    lowest[t] = min(low[t-1], ..., low[t-n])

The current bar is left out, so that `close > highest(20)` is a breakout. First value at bar n + 1. Source: the channel
of R. Donchian, without the current bar.
"""

from typing import ClassVar

from services.signal.core.extremes import Extreme
from services.signal.core.indicator import PERIOD, Parameter


class Lowest(Extreme):
    """Lowest `low` of the `period` bars before this one."""

    INPUTS: ClassVar[tuple[str, ...]] = ("low",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("lowest",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD,)

    __slots__ = ()

    def __init__(self, period: int) -> None:
        super().__init__(period, sign=-1.0)
