"""A strategy file watched from where it lies: each good version is given to a runner of a running stack."""

import sys
from collections.abc import Callable
from pathlib import Path

from common.clock import monotonic_ns
from orrery.errors import CommandLineError
from orrery.interrupts import noted

POLL_S = 0.4
"""Between two looks at the file. It is read at the second look that finds it as it was: half a file may be a whole one."""


def follow_file(file: Path, give: Callable[[], object], seconds: float | None) -> None:
    """Call `give` for each version of a file from now on; for `seconds`, or until Ctrl-C.

    What `give` refuses is told on standard error. A file that is not there for a moment is waited for: editors write so.
    """
    seen = settling = _stamp(file)
    began_ns = monotonic_ns()
    with noted() as stopped:
        while (seconds is None or monotonic_ns() - began_ns < seconds * 1e9) and not stopped.wait(POLL_S):
            found = _stamp(file)
            is_settled, settling = found == settling, found
            if found is None or found == seen or not is_settled:
                continue
            seen = found
            try:
                give()
            except CommandLineError as error:
                print(f"orrery: {error}; the version before stays", file=sys.stderr, flush=True)


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
