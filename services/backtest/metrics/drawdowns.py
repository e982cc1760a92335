"""How far and how long an account stood below its highest value."""

from collections.abc import Sequence
from typing import NamedTuple

from services.backtest.result import EquityPoint


class Drawdown(NamedTuple):
    """The deepest fall: `depth` is negative, a part of the peak; times are None where there was no fall."""

    depth: float = 0.0
    peak_ns: int | None = None
    trough_ns: int | None = None
    recovered_ns: int | None = None
    longest_underwater_ns: int = 0


def deepest(initial_cash: float, equity: Sequence[EquityPoint]) -> Drawdown:
    """Return the deepest fall from a peak, the initial cash being the first peak, and the longest time below one."""
    if not equity:
        return Drawdown()
    peak, peak_ns, depth, longest_ns = initial_cash, equity[0].time_ns, 0.0, 0
    worst: tuple[int, int, float] | None = None
    recovered_ns: int | None = None
    for point in equity:
        value, time_ns = point.equity, point.time_ns
        if value >= peak:
            if worst is not None and recovered_ns is None and value >= worst[2]:
                recovered_ns = time_ns
            peak, peak_ns = value, time_ns
            continue
        longest_ns = max(longest_ns, time_ns - peak_ns)
        if peak > 0 and value / peak - 1.0 < depth:
            depth, worst, recovered_ns = value / peak - 1.0, (peak_ns, time_ns, peak), None
    if worst is None:
        return Drawdown()
    return Drawdown(depth, worst[0], worst[1], recovered_ns, longest_ns)


def series(initial_cash: float, values: Sequence[float]) -> list[float]:
    """Return at each value how far it stands below the highest so far, a part of it: zero or negative."""
    peak, falls = initial_cash, []
    for value in values:
        peak = max(peak, value)
        falls.append(value / peak - 1.0 if peak > 0 else 0.0)
    return falls
