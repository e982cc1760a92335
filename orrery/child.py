"""Become a service that ends when its supervisor does, even if that is killed.

Run as a script: `python -I -S orrery/child.py SUPERVISOR_PID PROGRAM [ARGUMENT …]`. The kernel is asked to send SIGTERM
when the thread that started us ends; then this process becomes PROGRAM, with the same process id.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal this process gets when its parent dies; it survives execve."""


def main(arguments: list[str]) -> None:
    """Ask for the signal, check that the supervisor still lives, become the program."""
    supervisor, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != supervisor:
        sys.exit(0)  # It died before it could be watched.
    os.execv(program[0], program)  # noqa: S606 - becoming the program, without a shell, is the point


if __name__ == "__main__":
    main(sys.argv[1:])
