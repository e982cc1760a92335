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


def reader_line(stack: TinyStack, reader: str) -> dict[str, int]:
    """Return what the feed says of a reader, nothing before it has been heard."""
    line: dict[str, int] = stack.status(MARKET_DATA)["subscribers"].get(reader, {})
    return line


def reader_lag(stack: TinyStack, reader: str) -> int:
    """Return how far the feed says a reader is behind."""
    return reader_line(stack, reader).get("lag", 0)


def let_hang(stack: TinyStack, reader: str, messages: int) -> None:
    """Stop a reader's process until it is so many messages behind."""
    stack.until(lambda: stack.status(reader)["inputs"] > 0, "the reader reads")
    heard_ms = reader_line(stack, reader).get("seen_ms", -1)
    # One that was stopped before it told of anything it had read would stand nowhere, and so be behind nothing.
    stack.until(lambda: reader_line(stack, reader).get("seen_ms", -1) > heard_ms, "the reader tells where it is")
    stack.processes[reader].send_signal(signal.SIGSTOP)
    stack.until(lambda: reader_lag(stack, reader) > messages, "the lag grows")


def test_a_stopped_reader_shows_in_its_publishers_status(stack: TinyStack) -> None:
    stack.start()
    let_hang(stack, EXECUTION, 300)
    stack.processes[EXECUTION].send_signal(signal.SIGCONT)
    stack.until(lambda: reader_lag(stack, EXECUTION) < 300, "the reader catches up")


def test_a_stop_does_not_wait_for_a_reader_that_hangs(stack: TinyStack) -> None:
    stack.start()
    let_hang(stack, EXECUTION, 200)
    assert stack.stop(MARKET_DATA, SIGNAL, RISK_MANAGER) == [0, 0, 0]
