"""What a service's core is: a state machine that is told messages and the time, and answers with messages."""

from collections.abc import Sequence
from typing import Any, Protocol

from common.messages import AnyMessage


class Core(Protocol):
    """A pure core. It never waits, reads a clock, opens a socket or file, logs, or draws an unseeded random number.

    Whoever drives it (a service's shell, the backtester, a replay) passes `now_ns`, nanoseconds UTC, which never
    decreases. Fed the same inputs with the same times, a core gives the same outputs and the same snapshot.
    """

    def handle(self, message: AnyMessage, now_ns: int) -> Sequence[AnyMessage]:
        """Take one input; return what follows from it, in order."""
        ...

    def next_deadline_ns(self) -> int | None:
        """Return when `on_deadline` wants to be called next, or None."""
        ...

    def on_deadline(self, now_ns: int) -> Sequence[AnyMessage]:
        """Do what was due by `now_ns`; return what follows from it, in order."""
        ...

    def snapshot(self) -> bytes:
        """Return the whole state: canonical bytes, equal for equal states, whatever the process or hash seed."""
        ...

    def restore(self, state: bytes) -> None:
        """Take over a state that `snapshot` returned. Call it on a fresh core only."""
        ...

    def status(self) -> dict[str, Any]:
        """Return a summary for people: only str, int, float, bool, None, list and dict."""
        ...
