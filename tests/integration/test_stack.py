"""The services alone and together: any order of start, any one killed and started again, the numbers add up."""

import itertools
import random
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import pytest

from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SERVICES, SIGNAL
from orrery.chaos.market import FAST_MARKET
from tests.integration.harness import Stack, is_through, wait_until

ORDERS = [SERVICES, tuple(reversed(SERVICES)), (RISK_MANAGER, MARKET_DATA, EXECUTION, SIGNAL)]


@pytest.fixture
def stack() -> Iterator[Stack]:
    running = Stack(FAST_MARKET)
    yield running
    running.close()


def has_intents(stack: Stack, count: int) -> bool:
    """Return whether so many intents have been published."""
    return stack.audit().intents >= count


def quieten(stack: Stack) -> None:
    """End what makes orders, wait until the order flow has come to rest, and see that the numbers add up."""
    assert stack.stop(MARKET_DATA, SIGNAL) == {MARKET_DATA: 0, SIGNAL: 0}
    wait_until(lambda: is_through(stack.audit()), f"order flow at rest: {stack.audit()}")
    audit = stack.audit()
    held = {symbol: Decimal(quantity) for symbol, quantity in stack.core(EXECUTION)["holdings"].items()}
    filled = {symbol: Decimal(quantity) for symbol, quantity in audit.net_positions.items()}
    assert {symbol: held.get(symbol, Decimal(0)) for symbol in filled} == filled
    assert audit.fills > 0


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(name[0] for name in order))
def test_starts_in_any_order_and_stops_cleanly(stack: Stack, order: tuple[str, ...]) -> None:
    for name in order:
        stack.start(name)
    stack.wait_ready()
    wait_until(lambda: stack.audit().fills >= 3, "three fills")
    quieten(stack)
    assert stack.stop(RISK_MANAGER, EXECUTION) == {RISK_MANAGER: 0, EXECUTION: 0}


@pytest.mark.parametrize("name", SERVICES)
def test_a_killed_service_comes_back_and_the_run_goes_on(stack: Stack, name: str) -> None:
    stack.start()
    stack.wait_ready()
    wait_until(lambda: stack.audit().fills >= 2, "two fills")
    stack.kill(name)
    before = stack.audit().fills
    stack.start(name)
    stack.wait_ready()
    wait_until(lambda: stack.audit().fills >= before + 2, "two more fills")
    quieten(stack)


@pytest.mark.slow
def test_random_kills_lose_and_double_nothing(stack: Stack) -> None:
    chance = random.Random(20240808)
    stack.start()
    stack.wait_ready()
    for victim in itertools.islice(itertools.cycle((SIGNAL, RISK_MANAGER, EXECUTION)), 24):
        target = stack.audit().intents + chance.randint(0, 3)
        wait_until(partial(has_intents, stack, target), "further intents")
        stack.kill(victim)
        stack.start(victim)
        if chance.random() < 0.5:
            stack.wait_ready(victim)
    stack.wait_ready()
    wait_until(lambda: stack.audit().fills >= 10, "ten fills")
    quieten(stack)
