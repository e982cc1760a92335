"""The event store beside a running stack: it has everything once, and nobody notices whether it is there."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.journal import read_folder
from common.messages import Health, HealthState, OperatorCommand
from common.routes import EVENT_STORE, EXECUTION, MARKET_DATA, RISK_MANAGER, SERVICES, SIGNAL
from orrery.chaos.market import FAST_MARKET
from services.event_store.adapters.reading import read
from services.event_store.adapters.verifying import verify
from tests.integration.harness import Stack, free_port, is_through, wait_until

FLOW = {"intents": SIGNAL, "decisions": RISK_MANAGER, "reports": EXECUTION}


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(FAST_MARKET)
    yield running
    running.close()


def folder(stack: Stack) -> Path:
    return stack.data_dir / EVENT_STORE


def journaled(stack: Stack) -> dict[str, list[bytes]]:
    """Return every order-flow message as its publisher's journal has it."""
    return {
        topic: [payload for _, payload in read_folder(stack.data_dir / service / "outbox")]
        for topic, service in FLOW.items()
    }


def stored(stack: Stack) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {topic: [] for topic in FLOW}
    for event in read(folder(stack)):
        if event.topic in FLOW:
            found[event.topic].append(event.payload)
    return found


def states_told(stack: Stack) -> set[tuple[str, HealthState]]:
    """Return what services said of themselves, as far as it is in the store."""
    messages = [event.message() for event in read(folder(stack)) if event.topic.startswith("health.")]
    return {(each.service, each.state) for each in messages if isinstance(each, Health)}


def wait_until_all_is_stored(stack: Stack) -> None:
    """Wait until the store has what the journals have, in the same order, each once."""
    wait_until(lambda: stored(stack) == journaled(stack), "everything is in the store")
    assert all(stored(stack).values())


def test_everything_that_was_said_is_stored_once_and_in_order(stack: Stack) -> None:
    stack.start(EVENT_STORE, *SERVICES)
    stack.wait_ready(EVENT_STORE, *SERVICES)
    wait_until(lambda: stack.audit().fills >= 3, "three fills")
    ready = {(name, HealthState.READY) for name in SERVICES}
    wait_until(lambda: states_told(stack) >= ready, "they have said that they are ready")
    assert stack.ask(RISK_MANAGER, "reset_breaker", timeout_ms=30_000) is not None
    stack.stop(*SERVICES)
    wait_until_all_is_stored(stack)
    assert stack.stop(EVENT_STORE) == {EVENT_STORE: 0}
    assert verify(folder(stack)).damages == []
    events = list(read(folder(stack)))
    streams = Counter(event.topic.partition(".")[0] for event in events)
    assert streams.keys() >= {
        "quote",
        "bar",
        "market",
        "runners",
        "intents",
        "decisions",
        "reports",
        "health",
        "operator",
    }
    numbers = [(event.topic, event.incarnation, event.number) for event in events if event.publisher in SERVICES]
    assert len(set(numbers)) == len(numbers)
    messages = [event.message() for event in events if event.topic.startswith("operator.")]
    told = [each.name for each in messages if isinstance(each, OperatorCommand)]
    assert [name for name in told if not name.startswith("reconcile")] == ["reset_breaker"]
    assert (EVENT_STORE, HealthState.STOPPING) in states_told(stack)


def test_killing_the_store_loses_nothing_and_holds_nobody_up(stack: Stack) -> None:
    stack.start(EVENT_STORE, *SERVICES)
    stack.wait_ready(EVENT_STORE, *SERVICES)
    for _ in range(3):
        before = stack.audit().fills
        stack.kill(EVENT_STORE)
        wait_until(lambda before=before: stack.audit().fills >= before + 2, "trading goes on")  # type: ignore[misc]  # bound now
        stack.wait_ready(*SERVICES)
        stack.start(EVENT_STORE)
        stack.wait_ready(EVENT_STORE)
    stack.stop(MARKET_DATA, SIGNAL)
    wait_until(lambda: is_through(stack.audit()), "order flow at rest")
    wait_until_all_is_stored(stack)
    stack.stop(RISK_MANAGER, EXECUTION, EVENT_STORE)
    assert verify(folder(stack)).damages == []
    assert stored(stack) == journaled(stack)


def test_a_store_that_comes_later_has_the_order_flow_from_the_beginning(stack: Stack) -> None:
    stack.start()
    stack.wait_ready()
    wait_until(lambda: stack.audit().fills >= 2, "two fills")
    stack.start(EVENT_STORE)
    stack.wait_ready(EVENT_STORE)
    stack.stop(MARKET_DATA, SIGNAL)
    wait_until(lambda: is_through(stack.audit()), "order flow at rest")
    wait_until_all_is_stored(stack)
    first = next(event for event in read(folder(stack)) if event.topic == "intents")
    assert first.number == 1


def test_a_second_store_says_who_has_the_first(stack: Stack) -> None:
    stack.start(EVENT_STORE)
    wait_until(lambda: stack.ask(EVENT_STORE), "the store answers")
    first = stack.processes[EVENT_STORE]
    stack.overrides.append(f"event_store.metrics_port={free_port()}")
    stack.start(EVENT_STORE)
    second = stack.processes[EVENT_STORE]
    try:
        assert second.wait(60) == 2
        log = (stack.folder / f"{EVENT_STORE}.log").read_text()
        assert f"in use by process {first.pid}" in log
        assert str(folder(stack)) in log
    finally:
        first.terminate()
        assert first.wait(60) == 0
