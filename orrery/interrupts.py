"""Ctrl-C for commands that go on until it comes.

How it works: it is noted where it comes and looked at where the command can end. An exception, which is the usual way, is lost
if it comes while a finaliser runs, and then nothing ends.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def noted() -> Iterator[threading.Event]:
    """Yield what Ctrl-C sets as long as this lasts."""
    pressed = threading.Event()
    before = signal.signal(signal.SIGINT, lambda _number, _frame: pressed.set())
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def noted_until_end() -> Iterator[threading.Event]:
    """The same for a command that ends as interrupted: raises KeyboardInterrupt behind it if Ctrl-C was pressed."""
    with noted() as pressed:
        yield pressed
    if pressed.is_set():
        raise KeyboardInterrupt
