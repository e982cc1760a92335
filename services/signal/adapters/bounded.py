"""Work in a child of this process, bounded in time and memory: what hangs is killed, what dies takes nobody along.

How it works: the process is forked, so the child has all that is loaded already and needs no start of its own. It notes in a
shared page where it is, and tells what it found by a pipe. As long as the notes change it is at work; a note that stays for
longer than it may, a child that uses more processor time or memory than it may, and one that ends without having said that it
is done are lost, with the place of the last note. A child that wants a processor and gets little of it is given more time.
"""

import gc
import os
import resource
import select
import signal
import struct
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from common.clock import monotonic_ns
from services.signal.adapters.marker import Marker, make_page
from services.signal.adapters.processes import WANTING, die_with, processor_s, state_of

LOAD_SECONDS_MAX = 10.0
"""Longest time that loading one plug-in, or what it needs, may take."""
PROCESSOR_SECONDS_MAX = 20.0
"""Processor time between two things told, such as for the whole trial of one file."""
WALL_SECONDS_MAX = 90.0
"""The same by the clock, on a machine that gives the child little of a processor."""
MEMORY_MIB_MAX = 1_024
"""Memory that a child may take beside what its parent had."""
STARVED = 5
"""How many times longer a child is given that gets little of a processor."""
LOAD = "load:"
"""What begins the note of a place that may take as long as loading does."""
_LOOK_S = 0.05
_READ_BYTES = 65_536
_OUT_OF_MEMORY, _FAILED = 96, 97
_SIZE = struct.Struct("<I")
_DONE = b""


class Bounds(NamedTuple):
    """What a child may take. step_s: by one note; load_s: by one that begins with `LOAD`; cpu_s, wall_s: per thing told."""

    step_s: float
    load_s: float = LOAD_SECONDS_MAX
    cpu_s: float = PROCESSOR_SECONDS_MAX
    wall_s: float = WALL_SECONDS_MAX
    memory_mib: int = MEMORY_MIB_MAX


class Lost(NamedTuple):
    """A child that was not done. at: its last note. text: which limit was expected to be kept, and what was found."""

    at: str
    text: str


class Child:
    """What the work in a child may do: note where it is, tell what it found."""

    def __init__(self, marker: Marker, pipe: int) -> None:
        self.note, self._pipe = marker.enter, pipe

    def tell(self, data: bytes) -> None:
        """Tell the parent something."""
        left = memoryview(_SIZE.pack(len(data)) + data)
        while left:
            left = left[os.write(self._pipe, left) :]


type Work = Callable[[Child], None]


def run(work: Work, bounds: Bounds, take: Callable[[bytes], None]) -> Lost | None:
    """Do work in a child; `take` is given what it tells. Return how the child was lost, None when it was done.

    Raises OSError where no process can be made.
    """
    page = make_page()
    reading, writing = os.pipe()
    parent = os.getpid()
    try:
        pid = _fork()
        if not pid:
            _be_child(work, Child(Marker(page), writing), bounds, parent)
    finally:
        os.close(writing)
    marker = Marker(page)
    os.close(page)
    watch = _Watch(pid, reading, marker, bounds)
    try:
        return watch.until_end(take)
    finally:
        watch.end()
        os.close(reading)
        marker.close()


def _fork() -> int:
    with warnings.catch_warnings():
        # The threads that libraries keep for themselves do not come along, and a child calls none of those libraries.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _be_child(work: Work, child: Child, bounds: Bounds, parent: int) -> None:
    """Do the work and end, without a way back into what the parent was doing."""
    code = _FAILED
    try:
        gc.freeze()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if not die_with(parent):
            return  # it died before it could be watched
        _limit_memory(bounds.memory_mib)
        work(child)
        child.tell(_DONE)
        code = 0
    except MemoryError:
        code = _OUT_OF_MEMORY
    finally:
        if code == _FAILED:
            traceback.print_exc()
        os._exit(code)


def _limit_memory(mib: int) -> None:
    with suppress(OSError, ValueError, IndexError):
        told = Path("/proc/self/status").read_text()
        limit = int(told.partition("VmData:")[2].split()[0]) * 1_024 + (mib << 20)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (limit if hard < 0 else min(limit, hard), hard))


class _Watch:
    def __init__(self, pid: int, pipe: int, marker: Marker, bounds: Bounds) -> None:
        self._pid, self._pipe, self._marker, self._bounds = pid, pipe, marker, bounds
        self._data, self._is_done = bytearray(), False
        self._told_ns, self._told_s = monotonic_ns(), 0.0
        self._noted, self._noted_ns, self._noted_s = -1, self._told_ns, 0.0
        self._code: int | None = None

    def until_end(self, take: Callable[[bytes], None]) -> Lost | None:
        while True:
            ready, _, _ = select.select([self._pipe], [], [], _LOOK_S)
            if not ready:
                over = self._over()
                if over:
                    return Lost(self._at(), over)
                continue
            data = os.read(self._pipe, _READ_BYTES)
            if not data:
                return self._ended()
            self._data += data
            self._hand_over(take)

    def end(self) -> None:
        """Kill the child, if it has not ended."""
        if self._code is None:
            os.kill(self._pid, signal.SIGKILL)
            self._wait()

    def _wait(self) -> int:
        _, status = os.waitpid(self._pid, 0)
        self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def _hand_over(self, take: Callable[[bytes], None]) -> None:
        data = self._data
        while len(data) >= _SIZE.size and len(data) >= _SIZE.size + _SIZE.unpack_from(data)[0]:
            (size,) = _SIZE.unpack_from(data)
            self._is_done = not size
            if size:
                take(bytes(data[_SIZE.size : _SIZE.size + size]))
            del data[: _SIZE.size + size]
            self._told_ns, self._told_s = monotonic_ns(), processor_s(self._pid)

    def _over(self) -> str:
        """Return which limit was passed, empty if none was."""
        now_ns, used_s, bounds = monotonic_ns(), processor_s(self._pid), self._bounds
        noted, at = self._marker.read()
        if noted != self._noted:
            self._noted, self._noted_ns, self._noted_s = noted, now_ns, used_s
        patience_s = bounds.load_s if at.startswith(LOAD) else bounds.step_s
        waited_s, had_s = (now_ns - self._noted_ns) / 1e9, used_s - self._noted_s
        if waited_s >= patience_s:
            is_starved = state_of(self._pid) in WANTING and had_s < patience_s / 2
            if not is_starved or waited_s >= STARVED * patience_s:
                return f"expected an answer within {patience_s:g} s, found none"
        if used_s - self._told_s >= bounds.cpu_s:
            return f"expected at most {bounds.cpu_s:g} s of processor time in all, found more"
        if (now_ns - self._told_ns) / 1e9 >= bounds.wall_s:
            return f"expected to be done within {bounds.wall_s:g} s, found that it was not"
        return ""

    def _ended(self) -> Lost | None:
        code = self._wait()
        if self._is_done:
            return None
        if code == _OUT_OF_MEMORY:
            return Lost(self._at(), f"expected at most {self._bounds.memory_mib} MiB of memory, found more")
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return Lost(self._at(), f"expected an answer, found its process ended by {how}")

    def _at(self) -> str:
        return self._marker.read()[1]
