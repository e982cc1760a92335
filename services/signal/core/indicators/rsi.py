"""RSI: relative strength index, Wilder's.

    gain[t] = max(x[t] - x[t-1], 0);  loss[t] = max(x[t-1] - x[t], 0)
    average[t] = (average[t-1] * (n - 1) + now) / n        for gains and losses
    rsi = 100 * gains / (gains + losses)

The averages are seeded by the simple averages of the first n changes, so the first value comes at bar n + 1. Where
nothing has moved at all, the value is 0, as in TA-Lib. Source: J. W. Wilder, "New Concepts in Technical Trading
Systems" (1978), and TA-Lib function RSI (ta_RSI.c).
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from services.signal.core.indicator import MAX_PERIOD, Parameter

STILL = 1e-14
"""Sums of average gain and loss smaller than this count as no movement (TA-Lib's TA_IS_ZERO)."""


class Rsi:
    """Share of the rises in all movement of the closes, 0 to 100."""

    INPUTS: ClassVar[tuple[str, ...]] = ("close",)
    OUTPUTS: ClassVar[tuple[str, ...]] = ("rsi",)
    PARAMETERS: ClassVar[tuple[Parameter, ...]] = (Parameter("period", 2, MAX_PERIOD, 14),)

    __slots__ = ("_changes", "_gain", "_loss", "_period", "_previous", "_rest", "value")

    def __init__(self, period: int) -> None:
        self._period = period
        self._rest = period - 1
        self._changes = 0
        self._gain = 0.0
        self._loss = 0.0
        self._previous: float | None = None
        self.value: float | None = None

    def update(self, close: float) -> float | None:
        """Take a close; return the index, None before `period` + 1 closes."""
        previous = self._previous
        self._previous = close
        if previous is None:
            return None
        change = close - previous
        if self._changes < self._period:
            return self._warm(change)
        gain, loss = self._gain * self._rest, self._loss * self._rest
        if change < 0.0:
            loss -= change
        else:
            gain += change
        self._gain = gain = gain / self._period
        self._loss = loss = loss / self._period
        moved = gain + loss
        self.value = value = 100.0 * (gain / moved) if moved >= STILL else 0.0
        return value

    def _warm(self, change: float) -> float | None:
        self._changes += 1
        if change < 0.0:
            self._loss -= change
        else:
            self._gain += change
        if self._changes == self._period:
            self._gain /= self._period
            self._loss /= self._period
            moved = self._gain + self._loss
            self.value = 100.0 * (self._gain / moved) if moved >= STILL else 0.0
        return self.value

    def update_many(self, closes: Sequence[float]) -> list[float | None]:
        """Take closes; return what `update` answers for each."""
        found: list[float | None] = []
        coming = iter(closes)
        for close in coming:
            found.append(self.update(close))
            if self.value is not None:
                break
        previous, value, period, rest = self._previous, self.value, self._period, self._rest
        gain, loss = self._gain, self._loss
        if value is None or previous is None:
            return found
        for close in coming:
            change = close - previous
            previous = close
            gain, loss = gain * rest, loss * rest
            if change < 0.0:
                loss -= change
            else:
                gain += change
            gain, loss = gain / period, loss / period
            moved = gain + loss
            value = 100.0 * (gain / moved) if moved >= STILL else 0.0
            found.append(value)
        self._previous, self._gain, self._loss, self.value = previous, gain, loss, value
        return found

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered."""
        return (self._changes, self._gain, self._loss, self._previous, self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        self._changes, self._gain, self._loss, self._previous, self.value = state
