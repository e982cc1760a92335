"""How the system shares processors out to a service that reacts: in short slices, so that it is let in soon.

How it works: since Linux 6.12 (EEVDF) a thread may say how long it wants to run at a time. It does not get more of a
processor by that; but one that wakes and wants little goes before one that is in the middle of a long slice, by default some
milliseconds, while a message that comes in is worked off in a fraction of one. Without it an order waits, at each of its
hops, for whatever else the machine computes. Older systems ignore what is asked for, and others do not know the call.
"""

import ctypes
import os
import platform
import struct
from typing import NamedTuple

SLICE_NS = 300_000
"""What a service works off at one wake-up; a slice much shorter would have services interrupt each other."""

_SETATTR = {"x86_64": 314, "aarch64": 274}
"""Number of the system call sched_setattr, for which the C library has no name."""
_ATTRIBUTES = struct.Struct("<IIQiIQQQ")
"""`struct sched_attr`: size, policy, flags, nice, priority, runtime, deadline, period."""


class Scheduled(NamedTuple):
    """Whether the system took it, and the number of its error if not."""

    is_taken: bool
    error: int = 0


def ask_for_short_slices(slice_ns: int = SLICE_NS) -> Scheduled:
    """Ask it for this thread, and for the threads and processes that it starts from now on; niceness stays."""
    number = _SETATTR.get(platform.machine())
    if number is None or not hasattr(os, "sched_getscheduler") or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return Scheduled(is_taken=False)
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    wanted = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, nice, 0, slice_ns, 0, 0)
    refused = ctypes.CDLL(None, use_errno=True).syscall(number, 0, ctypes.c_char_p(wanted), 0)
    return Scheduled(is_taken=not refused, error=ctypes.get_errno() if refused else 0)
