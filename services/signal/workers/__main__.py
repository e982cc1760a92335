"""A worker: `python -m services.signal.workers SOCKET PAGE PARENT`, started by the signal service alone.

How it works: it does what its parent says, one order after the other, until the socket ends. Should the parent die while
a strategy keeps the worker busy, the system ends it. A failure ends it too: the parent makes another.
"""

import gc
import os
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path

from services.signal.adapters.marker import Marker
from services.signal.adapters.processes import die_with
from services.signal.hosts.ocaml_backend import use_backend
from services.signal.workers.frames import BEGIN, unpack_begin
from services.signal.workers.making import make_share
from services.signal.workers.second import SecondOpinion
from services.signal.workers.shard import Shard

FIRST_TO_GO = "500"
"""How willingly the system ends this process for want of memory, before its parent."""
_SIZE = struct.Struct("<I")


def main(arguments: list[str]) -> int:
    """Serve until the parent is gone; return the exit code."""
    socket_fd, page_fd, parent = map(int, arguments)
    _leave_with(parent)
    for fd in (socket_fd, page_fd):
        os.set_inheritable(fd, False)
    with socket.socket(fileno=socket_fd) as ours, suppress(ConnectionError):
        marker = Marker(page_fd)
        os.close(page_fd)
        shard: Shard | None = None
        while order := _receive(ours):
            if order[:1] == BEGIN:
                shard = _begin(order, marker)
                answer = shard.news()
            else:
                assert shard is not None, "an order before there are runners"
                answer = shard.answer(order)
            ours.sendall(_SIZE.pack(len(answer)) + answer)
            shard.look()
    return 0


def _begin(order: bytes, marker: Marker) -> Shard:
    given = unpack_begin(order[1:])
    core = make_share(given)
    opinion = SecondOpinion(given.signal, core.roster, use_backend(given.signal))
    gc.collect()
    gc.freeze()  # what is there now stays, and need not be looked through again and again
    return Shard(core, marker, opinion)


def _receive(ours: socket.socket) -> bytes:
    """Return the next order, empty at the end."""
    data = ours.recv(262_144)
    while data and (len(data) < _SIZE.size or len(data) < _SIZE.size + _SIZE.unpack_from(data)[0]):
        more = ours.recv(1_048_576)
        if not more:
            return b""
        data += more
    return data[_SIZE.size :]


def _leave_with(parent: int) -> None:
    """End when the parent ends; leave it to the parent when to end otherwise."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO)
    if not die_with(parent):
        sys.exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
