"""Fewer points that look the same: the lowest and the highest of each stretch are kept, so no extreme is lost."""

import math
from collections.abc import Sequence
from typing import NamedTuple

SIGNIFICANT_DIGITS = 7
MS_NS = 1_000_000


class Curve(NamedTuple):
    """A line to draw. `steps_ms` are the time differences: the first from the epoch, each other from its neighbour."""

    steps_ms: list[int]
    values: list[float]


def thin(times_ns: Sequence[int], values: Sequence[float | None], most: int) -> Curve:
    """Return at most about `most` of the points, values that are no number left out."""
    numbers, times = list[float](), list[int]()
    for time_ns, value in zip(times_ns, values, strict=False):
        if value is not None and math.isfinite(value):
            numbers.append(value)
            times.append(time_ns)
    kept = range(len(numbers)) if len(numbers) <= most else _extremes(numbers, most)
    steps, before = list[int](), 0
    for index in kept:
        steps.append(times[index] // MS_NS - before)
        before = times[index] // MS_NS
    return Curve(steps, [shortened(numbers[index]) for index in kept])


def _extremes(values: list[float], most: int) -> Sequence[int]:
    size = stretch_length(len(values), most)
    kept = {0, len(values) - 1}
    for start in range(0, len(values), size):
        stretch = values[start : start + size]
        kept.add(start + stretch.index(min(stretch)))
        kept.add(start + stretch.index(max(stretch)))
    return sorted(kept)


def stretch_length(count: int, most: int) -> int:
    """Return of how many points in a row the lowest and the highest are kept, so that `most` of `count` are."""
    return math.ceil(2 * count / max(2, most))


def shortened(value: float) -> float:
    """Return a number with as many digits as a chart can show."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
