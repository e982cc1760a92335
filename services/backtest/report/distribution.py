"""How the profits of trades are spread."""

import math
from collections.abc import Sequence

import msgspec

BINS = 40
TAIL = 0.01
"""The part of the trades at either end that may lie outside; they are counted in the outermost bins."""


class Histogram(msgspec.Struct, frozen=True):
    """Counts of equally wide bins from `start`; zero is an edge, so that a bin is either profit or loss."""

    start: float = 0.0
    width: float = 1.0
    counts: tuple[int, ...] = ()
    has_lower_tail: bool = False
    has_upper_tail: bool = False


def histogram(profits: Sequence[float]) -> Histogram:
    """Return the histogram of profits."""
    if not profits:
        return Histogram()
    ordered = sorted(profits)
    skipped = int(len(ordered) * TAIL)
    low, high = min(0.0, ordered[skipped]), max(0.0, ordered[-1 - skipped])
    width = (high - low) / (BINS - 2) or 1.0
    first = math.floor(low / width)
    count = math.ceil(high / width) - first or 1
    counts = [0] * count
    for profit in ordered:
        counts[min(count - 1, max(0, math.floor(profit / width) - first))] += 1
    start = first * width
    return Histogram(start, width, tuple(counts), ordered[0] < start, ordered[-1] >= start + (count + 1e-9) * width)
