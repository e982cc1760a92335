"""Buy and hold, which any strategy has to beat."""

import math
from collections.abc import Mapping, Sequence


def buy_and_hold(closes: Mapping[str, Sequence[float]]) -> list[float]:
    """Return what one unit of money, put in equal parts into all symbols at their first closes, was worth at each point.

    A symbol is cash before its first close and keeps its last close where one is missing (not a number, or not
    positive). Empty where no symbol has a close.
    """
    held = [growth for series in closes.values() if (growth := _growth(series))]
    if not held:
        return []
    if len(held) == 1:
        return held[0]
    points = max(map(len, held))
    return [math.fsum(growth[min(n, len(growth) - 1)] for growth in held) / len(held) for n in range(points)]


def _growth(closes: Sequence[float]) -> list[float]:
    first = next((close for close in closes if math.isfinite(close) and close > 0), None)
    if first is None:
        return []
    growth, worth = [], 1.0
    for close in closes:
        worth = close / first if math.isfinite(close) and close > 0 else worth
        growth.append(worth)
    return growth
