"""Free TCP ports of the loopback, for stacks that run beside others."""

import socket


def free_ports(count: int) -> list[int]:
    """Return distinct ports that nobody listened on a moment ago. Asked for one at a time, the same may come twice."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
