"""Ctrl-C, and other signals, for commands that go on until they come.

How it works: it is noted where it comes and looked at where the command can end. An exception, which is the usual way, is lost
if it comes while a finaliser runs, and then nothing ends.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def handled(handler: Callable[[int, FrameType | None], None], *numbers: int) -> Iterator[None]:
    """Have these signals go to a handler as long as this lasts."""
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@contextmanager
def noted() -> Iterator[threading.Event]:
    """Yield what Ctrl-C sets as long as this lasts."""
    pressed = threading.Event()
    with handled(lambda _number, _frame: pressed.set(), signal.SIGINT):
        yield pressed


@contextmanager
def noted_until_end() -> Iterator[threading.Event]:
    """The same for a command that ends as interrupted: raises KeyboardInterrupt behind it if Ctrl-C was pressed."""
    with noted() as pressed:
        yield pressed
    if pressed.is_set():
        raise KeyboardInterrupt
