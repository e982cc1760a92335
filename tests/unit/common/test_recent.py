"""The latest so many things: a ring that forgets the oldest, also after a snapshot."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from common.recent import Recent

puts = st.lists(st.tuples(st.integers(0, 30).map(str), st.integers(0, 9)), max_size=80)


@given(puts, st.integers(1, 10))
def test_it_keeps_the_latest_keys(flow: list[tuple[str, int]], capacity: int) -> None:
    recent: Recent[int] = Recent(capacity)
    model: dict[str, int] = {}
    for key, value in flow:
        recent.put(key, value)
        model[key] = value
        if len(model) > capacity:
            del model[next(iter(model))]
        assert {name: recent.get(name) for name, _ in flow if recent.get(name) is not None} == model
        assert len(recent.ring) <= capacity


@given(puts, puts)
def test_it_goes_on_the_same_from_its_bytes(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
    recent: Recent[int] = Recent(5)
    for key, value in before:
        recent.put(key, value)
    twin = msgspec.msgpack.decode(msgspec.msgpack.encode(recent), type=Recent[int])
    for key, value in after:
        recent.put(key, value)
        twin.put(key, value)
    assert twin == recent
