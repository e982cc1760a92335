"""Subscription requests: cut to size, spaced, in order."""

import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.market_data.adapters.requests import MAX_REQUEST_BYTES, SPACING_NS, RequestQueue


def make(number: int, symbols: Sequence[str]) -> str:
    return json.dumps({"id": number, "params": list(symbols)})


def drained(queue: RequestQueue) -> list[bytes]:
    requests = []
    while (due_ns := queue.next_deadline_ns()) is not None:
        request = queue.due(due_ns)
        assert request is not None
        requests.append(request)
    return requests


@given(st.lists(st.text("ABCDEF", min_size=1, max_size=40), max_size=500))
def test_every_symbol_is_asked_for_once_in_requests_of_bounded_size(symbols: list[str]) -> None:
    queue = RequestQueue()
    queue.add(make, symbols)
    requests = drained(queue)
    assert [symbol for request in requests for symbol in json.loads(request)["params"]] == symbols
    assert [json.loads(request)["id"] for request in requests] == list(range(1, len(requests) + 1))
    assert all(len(request) <= MAX_REQUEST_BYTES for request in requests)


def test_requests_are_spaced() -> None:
    queue = RequestQueue()
    for symbol in "ABC":
        queue.add(make, [symbol])
    assert queue.due(1_000) is not None
    assert queue.due(1_000 + SPACING_NS - 1) is None
    assert queue.next_deadline_ns() == 1_000 + SPACING_NS
    assert queue.due(1_000 + SPACING_NS) is not None


def test_what_was_meant_for_a_lost_connection_is_forgotten() -> None:
    queue = RequestQueue()
    queue.add(make, ["A"])
    queue.clear()
    assert queue.next_deadline_ns() is None
    assert queue.due(10**18) is None
