"""When a request is over: by a clock that asker and answerer share, never by two walls that may differ.

How it works: processes of one machine share its monotonic clock, which no operator and no time server sets; so a request
carries its deadline by that clock, and which boot of which machine it means. A server on another machine has no clock
in common with the asker and does not judge. Where a machine has no name, UTC has to do.
"""

import os
from pathlib import Path
from typing import Any

from common.clock import Clock, monotonic_ns
from common.messages import Request

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _machine() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


MACHINE = _machine()
"""Names this boot of this machine; empty where the system has no such name."""


def request_for(
    name: str, arguments: dict[str, Any] | None, life_ns: int, clock: Clock, request_id: str = ""
) -> Request:
    """Return a request that is over after `life_ns`; clock: for machines without a name."""
    now_ns = monotonic_ns() if MACHINE else clock.now_ns()
    return Request(
        id=request_id or os.urandom(12).hex(),
        name=name,
        deadline_ns=now_ns + life_ns,
        machine=MACHINE,
        arguments=arguments or {},
    )


def is_over(request: Request, clock: Clock) -> bool:
    """Return whether nobody waits for the answer any more, as far as that can be known here."""
    if not request.machine:
        return clock.now_ns() > request.deadline_ns
    return request.machine == MACHINE and monotonic_ns() > request.deadline_ns
