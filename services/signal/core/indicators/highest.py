"""The highest high of the n bars before the current one.

    highest[t] = max(high[t-1], ..., high[t-n])

The current bar is left out, so that `close > highest(20)` is a breakout. First value at bar n + 1. Source: the channel
of R. Donchian, without the current bar.
"""

from typing import ClassVar

from services.signal.core.extremes import Extreme
from services.signal.core.indicator import PERIOD, Parameter


class Highest(Extreme):
    """Highest `high` of the `period` bars before this one."""

    INPUTS: ClassVar[tuple[str, ...]] = ("high",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("highest",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD,)

    __slots__ = ()

    def __init__(self, period: int) -> None:
        super().__init__(period, sign=1.0)
