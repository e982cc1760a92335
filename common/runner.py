"""The one event loop: a blocking poll over sockets and files, timers, and a graceful end by signal.

Every service runs in it; asyncio would double the latency of a hop. A reader is called when its socket or file
descriptor has something; a timer tells when it is due next and is called then; the first SIGTERM or SIGINT ends the
loop after the current turn, the second ends the process at once.
"""

import os
import signal
from collections.abc import Callable
from types import FrameType

import zmq

from common.clock import Clock, EventClock, WallClock, monotonic_ns
from common.polling import Callback, Polling

LONGEST_WAIT_MS = 1_000
EXIT_AT_ONCE = 130

type Due = Callable[[], int | None]


class _Interval:
    """What is called every `interval_ns`, next at `due_ns` by the monotonic clock."""

    __slots__ = ("callback", "due_ns", "interval_ns")

    def __init__(self, interval_ns: int, callback: Callback) -> None:
        self.interval_ns, self.callback = interval_ns, callback
        self.due_ns = monotonic_ns() + interval_ns


class _Intervals:
    """All that is called at intervals. due_ns: when the next of them is due, None without any."""

    def __init__(self) -> None:
        self._all: list[_Interval] = []
        self.due_ns: int | None = None

    def add(self, interval_ns: int, callback: Callback) -> None:
        self._all.append(_Interval(interval_ns, callback))
        self.due_ns = min(each.due_ns for each in self._all)

    def call(self) -> None:
        """Call those that are due."""
        for each in self._all:
            now_ns = monotonic_ns()
            if each.due_ns <= now_ns:
                each.due_ns = now_ns + each.interval_ns
                each.callback()
        self.due_ns = min(each.due_ns for each in self._all)


class EventLoop:
    """Readers and timers, until `stop`. clock: what the cores of this loop are told the time by.

    look_again: to be called by who sends on a socket that is read here, but not in its own callback or a timer's.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = WallClock() if clock is None else clock
        self._polling = Polling()
        self.look_again = self._polling.look_again
        self._intervals = _Intervals()
        self._timers: list[tuple[Due, Callback]] = []
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.add_reader(self._wake_read, self._drain_wakeups)
        self.stopping = False
        self.turns = 0

    @property
    def is_conducted(self) -> bool:
        """Return whether a conductor says what happens next, and when it is: timers then move no core."""
        return isinstance(self.clock, EventClock)

    def add_reader(self, readable: "zmq.Socket[bytes] | int", callback: Callback) -> None:
        """Call `callback` whenever a ZeroMQ socket or file descriptor can be read."""
        self._polling.add(readable, callback)

    def remove_reader(self, readable: "zmq.Socket[bytes] | int") -> None:
        """Forget a socket or file descriptor; nothing happens if it is not known."""
        self._polling.remove(readable)

    def every(self, interval_ns: int, callback: Callback) -> None:
        """Call `callback` every `interval_ns` by the monotonic clock; missed times are not made up for."""
        self._intervals.add(interval_ns, callback)

    def when_due(self, due: Due, callback: Callback) -> None:
        """Call `callback` when the monotonic time `due()` has come; `due` gives None while nothing is planned."""
        self._timers.append((due, callback))

    def wake(self) -> None:
        """End the current wait; may be called from any thread."""
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            return  # The pipe is full, so the loop is about to wake anyway.
        except OSError:
            if self._wake_write >= 0:
                raise

    def stop(self) -> None:
        """End the loop after the current turn."""
        self.stopping = True
        self.wake()

    def handle_signals(self) -> None:
        """End gracefully on the first SIGTERM or SIGINT, at once on the second."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def run(self) -> None:
        """Turn until stopped."""
        while not self.stopping:
            self.turn(LONGEST_WAIT_MS)

    def turn(self, longest_ms: int) -> None:
        """Wait for the next event, at most `longest_ms`, and call what it concerns."""
        self.turns += 1
        self._polling.turn(lambda: self._wait_ms(longest_ms))
        intervals = self._intervals
        if intervals.due_ns is not None and intervals.due_ns <= monotonic_ns():
            self.look_again()
            intervals.call()
        for due, callback in self._timers:
            due_ns = due()
            # Read after it: a time that is due at once may be told as the very moment of asking.
            if due_ns is not None and due_ns <= monotonic_ns():
                self.look_again()
                callback()

    def close(self) -> None:
        """Let go of the wake-up pipe; `wake` does nothing from now on."""
        wake_read, wake_write = self._wake_read, self._wake_write
        if wake_read >= 0:
            self.remove_reader(wake_read)
            self._wake_read = self._wake_write = -1
            os.close(wake_read)
            os.close(wake_write)

    def _wait_ms(self, longest_ms: int) -> int:
        earliest_ns = self._intervals.due_ns
        for due, _ in self._timers:
            due_ns = due()
            if due_ns is not None and (earliest_ns is None or due_ns < earliest_ns):
                earliest_ns = due_ns
        if earliest_ns is None:
            return longest_ms
        # Rounded up: waking a moment early would turn the loop for nothing.
        left_ms = -(-(earliest_ns - monotonic_ns()) // 1_000_000)
        return max(0, min(longest_ms, left_ms))

    def _drain_wakeups(self) -> None:
        os.read(self._wake_read, 4_096)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self.stopping:
            os._exit(EXIT_AT_ONCE)
        self.stop()
