"""A reader whose process hangs: its publishers see it, and neither wait for it nor keep it from coming back."""

import signal
from collections.abc import Iterator

import pytest

from common.routes import EXECUTION, MARKET_DATA, RISK_MANAGER, SIGNAL
from tests.integration.bus.tiny_stack import TinyStack


@pytest.fixture
def stack() -> Iterator[TinyStack]:
    made = TinyStack()
    yield made
    made.close()


def reader_lag(stack: TinyStack, reader: str) -> int | None:
    """Return how far the feed says a reader is behind, None before it has been heard."""
    lag: int | None = stack.status(MARKET_DATA)["subscribers"].get(reader, {}).get("lag")
    return lag


def let_hang(stack: TinyStack, reader: str, messages: int) -> None:
    """Stop a reader's process until it is so many messages behind."""
    stack.until(lambda: reader_lag(stack, reader) is not None, "the reader tells where it is")
    stack.processes[reader].send_signal(signal.SIGSTOP)
    stack.until(lambda: (reader_lag(stack, reader) or 0) > messages, "the lag grows")


def test_a_stopped_reader_shows_in_its_publishers_status(stack: TinyStack) -> None:
    stack.start()
    let_hang(stack, EXECUTION, 300)
    stack.processes[EXECUTION].send_signal(signal.SIGCONT)
    stack.until(lambda: (reader_lag(stack, EXECUTION) or 0) < 300, "the reader catches up")


def test_a_stop_does_not_wait_for_a_reader_that_hangs(stack: TinyStack) -> None:
    stack.start()
    let_hang(stack, EXECUTION, 200)
    assert stack.stop(MARKET_DATA, SIGNAL, RISK_MANAGER) == [0, 0, 0]
