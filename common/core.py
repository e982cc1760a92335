"""What a service's core is: a state machine that is told messages and the time, and answers with messages."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from common.messages import AnyMessage, OperatorCommand


class UnheardError(Exception):
    """A core did not take an input, and stands where it stood before; the text says why."""


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


@runtime_checkable
class Interposing(Protocol):
    """A core that may obey a command of its own before an input, so that the input can be done at all."""

    def go_live(self) -> None:
        """Learn that inputs are new from now on; commands cannot be put between those that are redone."""
        ...

    def take_interposed(self) -> Sequence[OperatorCommand]:
        """Return the commands that were obeyed before the latest input, or since it by `snapshot`; each is told once."""
        ...


@runtime_checkable
class Sorted(Protocol):
    """A core that can say which of its functions takes messages of a type, so that who drives it need not go by `handle`."""

    def handler_of(self, kind: type) -> Callable[[Any, int], Sequence[AnyMessage]] | None:
        """Return what `handle` calls, now and whatever is restored or changed later; None where it ignores messages of this type."""
        ...


@runtime_checkable
class Counting(Protocol):
    """A core whose counters cost less than its whole status."""

    def counters(self) -> dict[str, int]:
        """Return the whole numbers of the top level of `status`."""
        ...
