"""A process and its parent: what the system tells of one that is watched (nothing where there is no /proc), and a common end."""

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path

WANTING = ("R", "D")
"""States of a process that would go on if it had a processor, or had from the disk what it waits for."""
_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> bool:
    """Have this process killed when its parent ends, where the system can; return whether the parent still lives."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent


def state_of(pid: int) -> str:
    """Return the letter by which the system tells a process's state, empty where it does not."""
    return _stat_of(pid)[0]


def processor_s(pid: int) -> float:
    """Return the processor time that a process has used, seconds; 0 where the system does not tell."""
    fields = _stat_of(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _stat_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["", *["0"] * 12]
