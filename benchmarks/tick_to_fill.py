"""Tick to fill across the real processes: quote in, strategy in Lua, risk, order, fill out; every step journaled.

Of it the hops, and what lies between an order that risk begins to check and the acknowledgement of the paper venue. Beside it the floor: a bare relay of as many hops, which decodes, encodes and does nothing else.
"""

import time

from benchmarks.figures import Figure, latency_figures, percentile
from benchmarks.hops import ack_figures, hop_figures, moments_of
from benchmarks.relay import relay_latencies_us
from benchmarks.stack import TradingStack, trading_stack

TICKS = 3_000
WARM_UP = 300
RATE = 1_000


def run() -> list[Figure]:
    """Measure the chain and the floor, one in flight and at 1000 ticks a second."""
    with trading_stack() as stack:
        _sample(stack, WARM_UP, 0)
        stack.arrivals.clear()
        free = _sample(stack, TICKS, 0)
        free_moments = moments_of(stack.data, stack.arrivals)
        stack.arrivals.clear()
        paced = _sample(stack, TICKS, RATE)
        paced_moments = moments_of(stack.data, stack.arrivals)
    floor, paced_floor = relay_latencies_us(TICKS, 0), relay_latencies_us(TICKS, RATE)
    return [
        *latency_figures("tick -> fill, one in flight", free, owed="< 10 ms"),
        *hop_figures(free_moments),
        *ack_figures("one in flight", free_moments),
        *latency_figures("bare relay of four hops, one in flight", floor),
        Figure("tick -> fill / bare relay, p50, one in flight", _ratio(free, floor), "ratio", "", "<= 2"),
        *latency_figures("tick -> fill, 1000 ticks/s", paced, owed="< 10 ms", aim="p99 < 1 ms"),
        *ack_figures("1000 ticks/s", paced_moments),
        *latency_figures("bare relay of four hops, 1000/s", paced_floor),
        Figure("tick -> fill / bare relay, p50, 1000/s", _ratio(paced, paced_floor), "ratio", "", "<= 2"),
    ]


def _ratio(ours: list[float], floor: list[float]) -> float:
    return percentile(ours, 0.5) / percentile(floor, 0.5)


def _sample(stack: TradingStack, count: int, rate: float) -> list[float]:
    samples: list[float] = []
    due = time.perf_counter()
    missed = 0
    while len(samples) < count:
        if len(samples) % 100 == 0:
            stack.loop.turn(0)
        if rate:
            due = max(due + 1.0 / rate, time.perf_counter())
            time.sleep(max(0.0, due - time.perf_counter()))
        latency = stack.tick()
        if latency is not None:
            samples.append(latency)
            continue
        missed += 1
        if missed > count:
            raise RuntimeError(f"{missed} ticks without a fill")
    return samples
