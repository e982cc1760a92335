"""Latencies counted in plain integers: cheap enough for every message, made into a histogram when Prometheus asks."""

from bisect import bisect_left

BOUNDS_NS = tuple(step * 10**power for power in range(4, 9) for step in (1, 2, 5))
"""Upper bounds from 10 µs to 0.5 s; a loop woken by a socket is never faster, one above is stuck."""


class LatencyCounts:
    """How many latencies lay at or below each bound, the last for everything above; and their sum."""

    __slots__ = ("counts", "sum_ns")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_NS) + 1)
        self.sum_ns = 0

    def observe(self, latency_ns: int) -> None:
        """Count one latency; one below 0, as two clocks may make it, counts as 0."""
        self.counts[bisect_left(BOUNDS_NS, latency_ns)] += 1
        if latency_ns > 0:
            self.sum_ns += latency_ns

    def buckets(self) -> list[tuple[str, float]]:
        """Return (upper bound in seconds, how many at or below it), as Prometheus wants them."""
        total, buckets = 0, []
        bounds = [*(repr(bound / 1e9) for bound in BOUNDS_NS), "+Inf"]
        for bound, count in zip(bounds, list(self.counts), strict=True):
            total += count
            buckets.append((bound, float(total)))
        return buckets
