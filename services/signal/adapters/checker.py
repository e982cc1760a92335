"""A strategy file, tried in a process of its own, so that trading does not wait and what hangs can be killed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable

from common.clock import monotonic_ns
from common.runner import EventLoop

CHECK_LIMIT_NS = 180_000_000_000
"""How long a check may take before it is given up; the process itself gives each file and plug-in less."""
READ_BYTES = 65_536
ANSWER_BYTES_MAX = 8_000_000
_END_S = 1.0

type Done = Callable[[bytes | None], None]
"""Takes what the process wrote; None if it was given up."""


class Checker:
    """Runs `python -m <module>` with a job on its standard input, one at a time, in the loop that owns it."""

    def __init__(self, loop: EventLoop, module: str, limit_ns: int = CHECK_LIMIT_NS) -> None:
        self._loop, self._module, self._limit_ns = loop, module, limit_ns
        self._process: subprocess.Popen[bytes] | None = None
        self._fd = -1
        self._due_ns: int | None = None
        self._answer = bytearray()
        self._done: Done = lambda _answer: None
        loop.when_due(lambda: self._due_ns, self._give_up)

    @property
    def is_busy(self) -> bool:
        """Return whether a job is under way."""
        return self._process is not None

    def start(self, job: bytes, done: Done) -> None:
        """Begin a job; `done` is called in a later turn of the loop. Raises OSError if no process can be started."""
        assert not self.is_busy, "one job at a time"
        with tempfile.TemporaryFile() as file:
            file.write(job)
            file.seek(0)
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module], stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        assert self._process.stdout is not None, "asked for a pipe"
        self._fd, self._done = self._process.stdout.fileno(), done
        os.set_blocking(self._fd, False)
        self._answer.clear()
        self._due_ns = monotonic_ns() + self._limit_ns
        self._loop.add_reader(self._fd, self._read)

    def close(self) -> None:
        """End what is under way."""
        if self._process is not None:
            self._finish()

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return
        self._answer += data
        if len(self._answer) > ANSWER_BYTES_MAX:
            self._give_up()
        elif not data:
            self._finish()
            self._done(bytes(self._answer))

    def _give_up(self) -> None:
        self._finish()
        self._done(None)

    def _finish(self) -> None:
        process, self._process, self._due_ns = self._process, None, None
        assert process is not None, "nothing is under way"
        assert process.stdout is not None, "asked for a pipe"
        self._loop.remove_reader(self._fd)
        process.stdout.close()
        process.kill()  # it has said all it had to say, or is given up
        process.wait(_END_S)
