"""A worker process as its parent sees it: orders out, answers in, killed when it does not get on.

How it works: both ends talk over a pair of sockets that nobody else has, each message behind its length. The kernel ends a
wait for an answer after a part of the deadline; then the page in which the worker notes whom it calls is looked at. As long
as it goes from runner to runner it is at work, however long all of them take; one call that outlasts the deadline is a hang.
Looks are counted, not time, so a clock that jumps because the machine stood still blames nobody; and a worker that wants a
processor and gets little of it is given more time.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress

from common.clock import monotonic_ns
from services.signal.adapters.marker import Marker, make_page
from services.signal.adapters.processes import WANTING, processor_s, state_of
from services.signal.workers.frames import BEGIN, RESTORE, LostError

MODULE = "services.signal.workers"
RECEIVE_BYTES = 262_144
LOOKS = 4
"""Looks at the worker within a deadline."""
STARVED = 5
"""How many deadlines a worker is given that gets little of a processor."""
NS_PER_SECOND = 1e9
START_NS = 60_000_000_000
"""How long a worker may take to begin: to be loaded, to make its runners, to take over their state."""
END_S = 5.0
_SIZE = struct.Struct("<I")
_TIMEVAL = struct.Struct("@ll")

HUNG, KILLED, FAILED, STALLED = "hung", "killed", "failed", "stalled"
"""How a worker is lost. KILLED: by a signal from outside, such as for want of memory. FAILED: by its own exit or crash.
STALLED: it made no progress, but was stopped from outside or given no processor."""
CAUSES = (HUNG, KILLED, FAILED, STALLED)


class ProcessLink:
    """One worker process. timeout_ns: the longest that one call of a runner may take."""

    def __init__(self, timeout_ns: int) -> None:
        """Start it; raises OSError if that cannot be done."""
        self._timeout_ns = timeout_ns
        page = make_page()
        ours, theirs = socket.socketpair()
        try:
            self._marker = Marker(page)
            handed = (theirs.fileno(), page)
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE, *map(str, handed), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                pass_fds=handed,
                process_group=0,  # a Ctrl-C at the terminal is for the parent, which ends its workers itself
            )
        except OSError:
            ours.close()
            raise
        finally:
            os.close(page)
            theirs.close()
        self._socket = ours
        look = _TIMEVAL.pack(*divmod(timeout_ns // LOOKS // 1_000, 1_000_000))
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, look)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, look)
        self._broken, self._stuck_ns = False, 0

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Return whether the process has not ended."""
        return self._process.poll() is None

    def send(self, order: bytes) -> None:
        """Send an order; that it does not arrive comes to light with `receive`."""
        left = memoryview(_SIZE.pack(len(order)) + order)
        patience_ns = START_NS if order[:1] in (BEGIN, RESTORE) else self._timeout_ns
        until_ns = 0
        while left:
            try:
                left = left[self._socket.send(left) :]
                until_ns = 0
            except BlockingIOError:  # it does not read
                until_ns = until_ns or monotonic_ns() + patience_ns
                if monotonic_ns() > until_ns:
                    self._stuck_ns = patience_ns
                    return
            except OSError:
                self._broken = True
                return

    def receive(self, *, begins: bool = False) -> bytes:
        """Return the answer to the order sent. begins: it may take as long as a start.

        Raises:
            LostError: the worker is gone, or was killed because it did not get on.
        """
        patience_ns = START_NS if begins else self._timeout_ns
        data = self._read(patience_ns)
        while len(data) < _SIZE.size:
            data += self._read(patience_ns)
        (size,) = _SIZE.unpack_from(data)
        if len(data) == _SIZE.size + size:
            return data[_SIZE.size :]
        parts, missing = [data], _SIZE.size + size - len(data)
        while missing:
            parts.append(self._read(patience_ns))
            missing -= len(parts[-1])
        return b"".join(parts)[_SIZE.size :]

    def end(self) -> None:
        """End the process and let go of everything."""
        self._socket.close()
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        self._marker.close()

    def _read(self, patience_ns: int) -> bytes:
        if self._stuck_ns:
            raise self._hung(self._stuck_ns)
        calls, used_s, looks, enough = -1, 0.0, 0, LOOKS * patience_ns // self._timeout_ns
        while True:
            try:
                data = b"" if self._broken else self._socket.recv(RECEIVE_BYTES)
            except BlockingIOError:
                seen, _ = self._marker.read()
                if seen != calls:
                    calls, used_s, looks = seen, processor_s(self.pid), 0
                looks += 1
                if looks >= enough and not (looks < STARVED * enough and self._is_starved(used_s)):
                    raise self._hung(patience_ns) from None
                continue
            except OSError:
                data = b""
            if data:
                return data
            raise self._died()

    def _is_starved(self, used_s: float) -> bool:
        """Return whether the worker wants a processor and has not had it for half of its deadline since it had used that."""
        has_s = processor_s(self.pid) - used_s
        return state_of(self.pid) in WANTING and has_s < self._timeout_ns / NS_PER_SECOND / 2

    def _hung(self, patience_ns: int) -> LostError:
        _, runner = self._marker.read()
        is_stopped = state_of(self.pid) in ("T", "t")
        at = f"at {runner}" if runner else "between two calls"
        text = f"no answer within {patience_ns // 1_000_000} ms, {at}{', stopped from outside' * is_stopped}"
        return LostError(STALLED if is_stopped else HUNG, runner, text)

    def _died(self) -> LostError:
        self._process.kill()  # a closed socket is the end of it, whatever else it does
        code = self._process.wait(END_S)
        _, runner = self._marker.read()
        is_killed = code in (-signal.SIGKILL, -signal.SIGTERM)
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        at = f"at {runner}" if runner else "between two calls"
        return LostError(KILLED if is_killed else FAILED, runner, f"ended by {how}, {at}")
