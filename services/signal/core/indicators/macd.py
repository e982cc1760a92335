"""MACD: moving average convergence/divergence.

    macd = ema(fast) - ema(slow);  signal = ema(macd, g);  histogram = macd - signal

Seeding as in TA-Lib function MACD (ta_MACD.c): both averages have their first value at bar `slow`, the fast one seeded
by the simple average of the last `fast` closes up to there (not of the very first ones); the signal line is seeded by
the simple average of the first g differences. All three values start together, at bar slow + g - 1. A fast period that
is longer than the slow one is swapped with it.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import MAX_PERIOD, Parameter
from services.signal.core.indicators.ema import Ema

Lines = tuple[float, float, float]


class Macd:
    """(macd, signal, histogram) of the closes."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("macd", "signal", "histogram")
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fast", 2, MAX_PERIOD, 12),
        Parameter("slow", 2, MAX_PERIOD, 26),
        Parameter("signal", 1, MAX_PERIOD, 9),
    )

    __slots__ = ("_fast", "_signal", "_skip", "_slow", "value")

    def __init__(self, fast: int, slow: int, signal: int) -> None:
        fast, slow = min(fast, slow), max(fast, slow)
        self._fast = Ema(fast)
        self._slow = Ema(slow)
        self._signal = Ema(signal)
        self._skip = slow - fast
        self.value: Lines | None = None

    def update(self, close: float) -> Lines | None:
        """Take a close; return the three lines, None before slow + signal - 1 closes."""
        slow = self._slow.update(close)
        if self._skip:
            self._skip -= 1
            return None
        fast = self._fast.update(close)
        if fast is None or slow is None:
            return None
        difference = fast - slow
        signal = self._signal.update(difference)
        if signal is not None:
            self.value = (difference, signal, difference - signal)
        return self.value

    def update_many(self, closes: Sequence[float]) -> list[Lines | None]:
        """Take closes; return what `update` answers for each."""
        slow, skip = self._slow.update_many(closes), min(self._skip, len(closes))
        fast = self._fast.update_many(closes[skip:])
        self._skip -= skip
        pairs = zip(fast, slow[skip:], strict=True)
        differences = [quick - steady for quick, steady in pairs if quick is not None and steady is not None]
        signals = self._signal.update_many(differences)
        lines: list[Lines | None] = [None] * (len(closes) - len(differences))
        for difference, signal in zip(differences, signals, strict=True):
            lines.append(None if signal is None else (difference, signal, difference - signal))
        if lines and lines[-1] is not None:
            self.value = lines[-1]
        return lines

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._skip, self._fast.state(), self._slow.state(), self._signal.state(), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._skip, fast, slow, signal, value = state
        self._fast.restore(fast)
        self._slow.restore(slow)
        self._signal.restore(signal)
        self.value = None if value is None else tuple(value)
