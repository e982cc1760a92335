"""VWAP: volume-weighted average price.

    p = (high + low + close) / 3;  vwap = sum(p * volume) / sum(volume)

With period 0 the sums begin anew with each day (UTC) by the bars' beginnings; with a period they are those of the last
n bars. None while no volume was traded in them. Source: the session average of S. Berkowitz, D. Logue and E. Noser, "The
Total Cost of Transactions on the NYSE" (Journal of Finance, 1988), on bars. The rolling sums are made anew each time the
window has gone round, so that rounding never adds up.
"""

from collections import deque
from collections.abc import Sequence
from math import fsum
from typing import Any, ClassVar

from services.signal.core.indicator import MAX_PERIOD, Parameter

DAY_NS = 86_400_000_000_000


class Vwap:
    """What the average unit was traded at, by the bars' typical prices."""

    INPUTS: ClassVar[tuple[str, ...]] = ("start_ns", "high", "low", "close", "volume")
    OUTPUTS: ClassVar[tuple[str, ...]] = ("vwap",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (Parameter("period", 0, MAX_PERIOD, 0),)

    __slots__ = ("_count", "_day", "_period", "_traded", "_volume", "_window", "value")

    def __init__(self, period: int) -> None:
        self._period = period
        self._window: deque[tuple[float, float]] = deque()
        self._count = 0
        self._day = -1
        self._traded = self._volume = 0.0
        self.value: float | None = None

    def update(self, start_ns: int, high: float, low: float, close: float, volume: float) -> float | None:
        """Take a bar; return the average price, None before `period` bars and while nothing was traded."""
        traded = (high + low + close) / 3.0 * volume
        if self._period:
            self._roll(traded, volume)
        else:
            day = start_ns // DAY_NS
            if day != self._day:
                self._day, self._traded, self._volume = day, 0.0, 0.0
            self._traded += traded
            self._volume += volume
        is_warm = self._count >= self._period
        self.value = self._traded / self._volume if is_warm and self._volume > 0.0 else None
        return self.value

    def _roll(self, traded: float, volume: float) -> None:
        window = self._window
        window.append((traded, volume))
        self._count += 1
        old_traded, old_volume = window.popleft() if len(window) > self._period else (0.0, 0.0)
        self._traded += traded - old_traded
        self._volume += volume - old_volume
        # A large bar that leaves the window would take the digits of the small ones with it.
        if self._count % self._period == 0 or old_volume > self._volume:
            self._traded, self._volume = fsum([x for x, _ in window]), fsum([x for _, x in window])

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._count, self._day, self._traded, self._volume, tuple(self._window), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._count, self._day, self._traded, self._volume, window, self.value = state
        self._window = deque((traded, volume) for traded, volume in window)
