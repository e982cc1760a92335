"""The shape of a result, and how samples become one."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Figure(NamedTuple):
    """One measured number. `owed` and `aim` are sentences of the budget, empty where there is none."""

    name: str
    value: float
    unit: str
    owed: str = ""
    aim: str = ""


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the sample below which `share` (0..1) of the samples lie; ValueError without samples."""
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def per_call_ns(call: Callable[[], Any], *, repeats: int = 7, calls: int = 2_000) -> float:
    """Return the median over `repeats` of the nanoseconds one `call` takes, after one warm-up round."""
    rounds = []
    for _ in range(repeats + 1):
        start_ns = time.perf_counter_ns()
        for _ in range(calls):
            call()
        rounds.append((time.perf_counter_ns() - start_ns) / calls)
    return percentile(rounds[1:], 0.5)


def latency_figures(name: str, samples_us: Sequence[float], *, owed: str = "", aim: str = "") -> list[Figure]:
    """Return p50, p99 and p99.9 of latencies in microseconds."""
    return [
        Figure(f"{name} p50", percentile(samples_us, 0.5), "us", owed, aim),
        Figure(f"{name} p99", percentile(samples_us, 0.99), "us"),
        Figure(f"{name} p99.9", percentile(samples_us, 0.999), "us"),
    ]
