"""Latencies counted in plain integers."""

from hypothesis import given
from hypothesis import strategies as st

from common.latency import BOUNDS_NS, LatencyCounts


@given(st.lists(st.integers(min_value=-(10**9), max_value=10**10), max_size=50))
def test_buckets_count_what_lies_at_or_below_each_bound(latencies_ns: list[int]) -> None:
    counts = LatencyCounts()
    for latency_ns in latencies_ns:
        counts.observe(latency_ns)
    found = counts.buckets()
    assert [number for _, number in found[:-1]] == [sum(each <= bound for each in latencies_ns) for bound in BOUNDS_NS]
    assert found[-1] == ("+Inf", len(latencies_ns))
    assert [float(bound) for bound, _ in found] == [*(bound / 1e9 for bound in BOUNDS_NS), float("inf")]
    assert counts.sum_ns == sum(max(0, each) for each in latencies_ns)
