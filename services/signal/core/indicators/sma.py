"""SMA: simple moving average.

    sma[t] = (x[t] + x[t-1] + ... + x[t-n+1]) / n

First value at the n-th bar. Source: TA-Lib function SMA (ta_SMA.c), same seeding.
"""

from typing import ClassVar

from services.signal.core.indicator import PERIOD, Parameter
from services.signal.core.rolling import RollingMean


class Sma(RollingMean):
    """Mean of the last `period` closes."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("sma",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (PERIOD,)

    __slots__ = ()
