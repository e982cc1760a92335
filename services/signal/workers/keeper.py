"""One worker as the service keeps it: what it is told, and all that is needed to make another that stands where it stood.

How it works: now and then the worker's state is taken; what it was told since lies beside it. A new worker takes over the
state and is told the rest again, its answers are known already. What is only to be known when something happens, such as
the latest quote, waits here until there is something to happen, and of what replaces itself the latest alone.
"""

from collections.abc import Callable, Hashable
from typing import Protocol

from common.clock import monotonic_ns
from common.messages import Quote
from services.signal.workers.frames import (
    BEGIN,
    NOTHING,
    RESTORE,
    SAVE,
    TELL,
    UNFIT,
    Begin,
    News,
    Told,
    pack,
    unpack_told,
)

LOG_INPUTS_MAX = 10_000
LOG_BYTES_MAX = 8_000_000
"""Inputs, and their bytes, after which a worker's state is taken anew."""
WORK_NS_MAX = 500_000_000
"""Work after which the state is taken anew, so that doing it again takes no longer."""
SAVING_SHARE = 10
"""How many times longer it works than it takes to give its state."""
REPLAY_BYTES = 1_000_000
"""What a new worker is told at a time."""
_QUIET = Told()


class Link(Protocol):
    """A way to a worker. `receive` raises LostError when the worker is gone."""

    @property
    def pid(self) -> int:
        """Return the number of its process."""
        ...

    def is_alive(self) -> bool:
        """Return whether it has not ended."""
        ...

    def send(self, order: bytes) -> None:
        """Send an order."""
        ...

    def receive(self, *, begins: bool = False) -> bytes:
        """Return the answer to the order sent. begins: it may take as long as a start."""
        ...

    def end(self) -> None:
        """End the worker."""
        ...


class Keeper:
    """A worker. news: what it said of its runners last. quotes: the latest it was told, by symbol. starts: of processes.

    link: the way to the process that is the worker now.
    """

    def __init__(self, number: int, make_link: Callable[[], Link], begin: Begin) -> None:
        """Start the worker; `begun` waits for it."""
        self.number, self._make_link, self._begin = number, make_link, BEGIN + pack(begin)
        self.news = News([], [], [], [], [], [])
        self.quotes: dict[str, Quote] = {}
        self._collected = 0
        self._base = b""
        self._log: list[bytes] = []
        self._log_bytes = self._worked_ns = self._saving_ns = 0
        self._waiting: dict[Hashable, bytes] = {}
        self._under_way: list[bytes] = []
        self._sent_ns = 0
        self.starts = 1
        self.link = make_link()
        self.link.send(self._begin)

    def begun(self) -> News:
        """Return what runners it has made; raises LostError."""
        return _news(self.link.receive(begins=True))

    def queue(self, key: Hashable, chunk: bytes) -> None:
        """Have something told before whatever comes next; it replaces what waits under the same key."""
        self._waiting.pop(key, None)
        self._waiting[key] = chunk

    @property
    def waiting(self) -> int:
        """Return how much waits to be told."""
        return len(self._waiting)

    def tell(self, *chunks: bytes) -> None:
        """Tell all that waits, then these; `collect` returns what follows."""
        self._under_way = [*self._waiting.values(), *chunks]
        self._waiting.clear()
        self.tell_again()

    def tell_again(self) -> None:
        """Tell what is under way."""
        self._sent_ns = monotonic_ns()
        self.link.send(TELL + b"".join(self._under_way))

    def collect(self) -> Told:
        """Return what follows from what is under way; raises LostError."""
        answer = self.link.receive()
        self._worked_ns += monotonic_ns() - self._sent_ns
        self._log += self._under_way
        self._log_bytes += sum(map(len, self._under_way))
        self._collected, self._under_way = len(self._under_way), []
        return _QUIET if answer == NOTHING else unpack_told(answer[1:])

    def undo(self) -> None:
        """Take what was collected last for what is under way again, to be told to another worker."""
        first = len(self._log) - self._collected
        self._under_way, self._log = self._log[first:], self._log[:first]

    def squeeze_in(self, chunk: bytes) -> None:
        """Put something before the last of what is under way."""
        self._under_way.insert(len(self._under_way) - 1, chunk)

    def drop_last(self) -> None:
        """Take the last of what is under way back: it cannot be done."""
        self._under_way.pop()

    def revive(self) -> None:
        """Make another worker that stands where this one stood before what is under way; raises LostError."""
        self.link.end()
        self.starts += 1
        self.link = self._make_link()
        self.link.send(self._begin)
        self.link.receive(begins=True)
        if self._base:
            self.link.send(RESTORE + self._base)
            answer = self.link.receive(begins=True)
            assert answer[:1] != UNFIT, f"a state that it gave itself does not fit: {answer[1:].decode()}"
        part, size = list[bytes](), 0
        for chunk in [*self._log, b""]:
            part.append(chunk)
            size += len(chunk)
            if size >= REPLAY_BYTES or (size and not chunk):
                self.link.send(TELL + b"".join(part))
                self.link.receive()
                part, size = [], 0

    def is_save_due(self, part: float = 1.0) -> bool:
        """Return whether so much was told that the state should be taken anew; part: of what makes that necessary."""
        if self._worked_ns >= part * max(WORK_NS_MAX, SAVING_SHARE * self._saving_ns):
            return True
        return len(self._log) >= part * LOG_INPUTS_MAX or self._log_bytes >= part * LOG_BYTES_MAX

    def save(self) -> bytes:
        """Return the state, without what waits to be told; raises LostError."""
        began_ns = monotonic_ns()
        self.link.send(SAVE)
        state = self.link.receive(begins=True)[1:]
        self._saving_ns = monotonic_ns() - began_ns
        self._keep(state)
        return state

    def restore(self, state: bytes) -> News:
        """Let a worker that has just begun take over a state; raises ValueError if it does not fit, and LostError."""
        self.link.send(RESTORE + state)
        answer = self.link.receive(begins=True)
        if answer[:1] == UNFIT:
            raise ValueError(answer[1:].decode())
        self._keep(state)
        return _news(answer)

    def _keep(self, state: bytes) -> None:
        self._base = state
        self._log.clear()
        self._log_bytes = self._worked_ns = 0

    def request(self, order: bytes) -> bytes:
        """Return the answer to an order that changes nothing; raises LostError."""
        self.link.send(order)
        return self.link.receive()[1:]


def _news(answer: bytes) -> News:
    told = unpack_told(answer[1:])
    assert told.news is not None, "a worker that begins, or takes over a state, tells its runners"
    return told.news
