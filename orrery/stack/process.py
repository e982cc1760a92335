"""One supervised child process: starting, reading what it says, noticing its end, starting it again."""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from common.clock import monotonic_ns
from common.runner import EventLoop
from orrery.errors import EXIT_USAGE
from orrery.stack.restarts import Backoff

LAUNCHER = Path(__file__).resolve().parents[1] / "child.py"
TAIL_LINES = 50
"""Lines kept of what a process wrote, to be shown when it dies."""
_READ_BYTES = 65_536
_LONGEST_LINE = 10_000

type OnLine = Callable[[str, str], None]
"""Called with the service and one line of what it wrote."""


class ProcessState(StrEnum):
    """What the supervisor knows of a process, whatever the service says about itself."""

    RUNNING = "running"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"


class ServiceProcess:
    """A service's process and its successors. `restarts` counts those; `last_exit` is how the latest ended."""

    def __init__(self, loop: EventLoop, name: str, command: Sequence[str], on_line: OnLine) -> None:
        self.name = name
        self.state = ProcessState.STOPPED
        self.restarts = 0
        self.last_exit: int | None = None
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._loop, self._command, self._on_line = loop, list(command), on_line
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._backoff = Backoff()
        self._started_ns = self._due_ns = 0

    @property
    def pid(self) -> int | None:
        """Return the process id, None while there is no process."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C in the terminal reaches only the supervisor."""
        self.tail.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *self._command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._started_ns = monotonic_ns()
        self.state = ProcessState.RUNNING
        fd = self._output_fd()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read)

    def check(self) -> bool:
        """Notice the end of the process, and start it again when its delay is over; return whether it just ended."""
        if self._process is None:
            waiting = self.state in {ProcessState.RESTARTING, ProcessState.FAILED}
            if waiting and monotonic_ns() >= self._due_ns:
                self.restarts += 1
                self.start()
            return False
        exit_code = self._process.poll()
        if exit_code is None:
            return False
        self._ended(exit_code)
        return True

    def terminate(self) -> None:
        """Ask the process to finish its work and end; it is not started again."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once; it is not started again."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        self.state = ProcessState.STOPPED
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _ended(self, exit_code: int) -> None:
        self._read()
        self._flush_rest()
        assert self._process is not None
        fd = self._output_fd()
        self._loop.remove_reader(fd)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        self.last_exit = exit_code
        if self.state is ProcessState.STOPPED:
            return
        now_ns = monotonic_ns()
        self._due_ns = now_ns + self._backoff.delay_ns(now_ns - self._started_ns)
        self.state = ProcessState.FAILED if exit_code == EXIT_USAGE else ProcessState.RESTARTING

    def _output_fd(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def _read(self) -> None:
        fd = self._output_fd()
        while True:
            try:
                data = os.read(fd, _READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                self._loop.remove_reader(fd)
                return
            *lines, rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._tell(line)
            self._rest = rest[:_LONGEST_LINE]

    def _flush_rest(self) -> None:
        if self._rest:
            self._tell(self._rest)
        self._rest = b""

    def _tell(self, line: bytes) -> None:
        text = line[:_LONGEST_LINE].decode(errors="replace").rstrip()
        self.tail.append(text)
        self._on_line(self.name, text)


def describe_exit(exit_code: int | None) -> str:
    """Return how a process ended, in words: `exit code 1`, `killed by SIGKILL`."""
    if exit_code is None:
        return "running"
    if exit_code < 0:
        try:
            return f"killed by {signal.Signals(-exit_code).name}"
        except ValueError:
            return f"killed by signal {-exit_code}"
    return f"exit code {exit_code}"
