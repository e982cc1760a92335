"""Free TCP ports of the loopback, for stacks that run beside others."""

import os
import socket

FIRST, BEHIND = 10_000, 32_768
"""Below the ports that the kernel gives away by itself, to connections too: none of these is taken before it is used."""
_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """Return distinct ports that nobody listened on a moment ago, and that this process was not given before."""
    at = int.from_bytes(os.urandom(4))
    found: list[int] = []
    for step in range(BEHIND - FIRST):
        if len(found) == count:
            break
        port = FIRST + (at + step) % (BEHIND - FIRST)
        if port not in _given and _is_free(port):
            found.append(port)
    assert len(found) == count, f"{count} free ports between {FIRST} and {BEHIND}: found {len(found)}"
    _given.update(found)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
