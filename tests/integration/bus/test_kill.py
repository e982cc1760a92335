"""Kill -9 at random moments while order flow runs through three services: nothing is lost, doubled or out of order."""

import random
from collections.abc import Iterator
from functools import partial

import pytest

from common.messages import ApprovedOrder, Fill, OrderIntent
from common.routes import EXECUTION, RISK_MANAGER, SERVICES, SIGNAL
from tests.integration.bus.tiny_core import RUNNER
from tests.integration.bus.tiny_stack import TinyStack

TOTAL = 2_000
KILLS_AT_ONCE = (1, 2, 1, 3, 1, 2, 1, 2, 2)
IDS = [f"{RUNNER}-{number}" for number in range(1, TOTAL + 1)]


@pytest.fixture
def stack() -> Iterator[TinyStack]:
    made = TinyStack("engine.snapshot_every=500", total=TOTAL)
    yield made
    made.close()


def test_kill_at_random_moments_loses_and_doubles_nothing(stack: TinyStack) -> None:
    chance = random.Random(11)
    stack.start()
    for at_once in KILLS_AT_ONCE:
        victims = chance.sample((SIGNAL, RISK_MANAGER, EXECUTION), at_once)
        grown = stack.size(victims[0]) + chance.randrange(1, 12_000)
        stack.until(partial(has_grown, stack, victims[0], grown), f"{victims[0]} publishes")
        for victim in victims:
            stack.kill(victim)
        stack.start(*victims)
    stack.until(lambda: finished(stack), "everything is filled")
    stack.until(lambda: heard_by_all(stack), "everything is heard")
    for name in SERVICES:
        stack.status(name)
    assert stack.stop() == [0, 0, 0, 0]
    check(stack)


def has_grown(stack: TinyStack, name: str, size: int) -> bool:
    return stack.size(name) > size or finished(stack)


def finished(stack: TinyStack) -> bool:
    return len(stack.outbox(EXECUTION)) >= TOTAL


def heard_by_all(stack: TinyStack) -> bool:
    """Return whether the last report and the last decision have been taken in by all who hear them."""
    heard = ((RISK_MANAGER, "reports"), (SIGNAL, "reports"), (EXECUTION, "decisions"))
    return all(stack.inputs(name, topic)[-1:] == [TOTAL] for name, topic in heard)


def check(stack: TinyStack) -> None:
    intents, orders, fills = stack.outbox(SIGNAL), stack.outbox(RISK_MANAGER), stack.outbox(EXECUTION)
    assert [message.id for message in intents if isinstance(message, OrderIntent)] == IDS
    assert [message.id for message in orders if isinstance(message, ApprovedOrder)] == IDS
    assert [message.order_id for message in fills if isinstance(message, Fill)] == IDS
    assert (len(intents), len(orders), len(fills)) == (TOTAL, TOTAL, TOTAL)
    assert stack.inputs(RISK_MANAGER, "intents") == list(range(1, TOTAL + 1))
    assert stack.inputs(RISK_MANAGER, "reports") == list(range(1, TOTAL + 1))
    assert stack.inputs(EXECUTION, "decisions") == list(range(1, TOTAL + 1))
    assert stack.inputs(SIGNAL, "reports") == list(range(1, TOTAL + 1))
