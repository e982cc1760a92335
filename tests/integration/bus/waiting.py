"""Waiting with a deadline: nothing here sleeps for luck."""

import time
from collections.abc import Callable, Iterator

PATIENCE_S = 60.0
"""Whatever is waited for comes within moments; only a failing test waits this long, or a very busy machine."""


def polling(what: str, seconds: float = PATIENCE_S) -> Iterator[None]:
    """Yield again and again with a short pause; AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.002)
    raise AssertionError(f"not within {seconds} s: {what}")


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    """Return once `condition` holds; AssertionError naming `what` after `seconds`."""
    for _ in polling(what, seconds):
        if condition():
            return
