"""ZeroMQ sockets and file descriptors that are read, in one poll: who has something is called.

How it works: `zmq_poll` asks every socket twice a turn, two system calls each time, and most turns concern one socket. So we
poll the descriptors by which ZeroMQ says that something happened to a socket, and ask that socket alone. A descriptor
speaks up once, at what is new; whatever is done with a socket may take the news off it. So a socket is asked again behind
its callback, and all are behind `look_again`: what they still hold is read in the next turn.
"""

import select
from collections.abc import Callable
from typing import NamedTuple

import zmq

type Callback = Callable[[], None]

# Plain integers: what pyzmq calls them is looked up in a slow table at every use.
_EVENTS, _IN = int(zmq.EVENTS), int(zmq.POLLIN)


class _Reader(NamedTuple):
    """What is called for a descriptor. socket: whose it is, None if it is read as it is."""

    socket: "zmq.Socket[bytes] | None"
    callback: Callback


class Polling:
    """What is read, and by whom. Sockets may be used elsewhere, if `look_again` is called behind it."""

    def __init__(self) -> None:
        self._poller = select.poll()
        self._readers: dict[int, _Reader] = {}
        self._descriptors: dict[object, int] = {}
        self._holding: dict[int, None] = {}
        self._doubts = False

    def add(self, readable: "zmq.Socket[bytes] | int", callback: Callback) -> None:
        """Call `callback` whenever a ZeroMQ socket or file descriptor can be read."""
        if isinstance(readable, int):
            socket, descriptor = None, readable
        else:
            socket, descriptor = readable, int(readable.getsockopt(zmq.FD))
        self._descriptors[readable] = descriptor
        self._readers[descriptor] = _Reader(socket, callback)
        self._poller.register(descriptor, select.POLLIN)
        self._doubts = True

    def remove(self, readable: "zmq.Socket[bytes] | int") -> None:
        """Forget a socket or file descriptor; nothing happens if it is not known."""
        descriptor = self._descriptors.pop(readable, None)
        if descriptor is not None:
            del self._readers[descriptor]
            self._poller.unregister(descriptor)

    def look_again(self) -> None:
        """Ask all sockets before the next wait: what was done with them may have hidden what they hold."""
        self._doubts = True

    def turn(self, wait_ms: Callable[[], int]) -> None:
        """Wait for the next that can be read, at most as long as `wait_ms` says, and call whom it concerns."""
        if self._doubts:
            self._ask_all()
        ready, self._holding = self._holding, {}
        for descriptor, _ in self._poller.poll(0 if ready else wait_ms()):
            ready[descriptor] = None
        for descriptor in ready:
            self._read(descriptor)

    def _read(self, descriptor: int) -> None:
        reader = self._readers.get(descriptor)
        if reader is None:
            return
        socket, callback = reader
        if socket is None:
            callback()
        elif int(socket.getsockopt(_EVENTS)) & _IN:
            callback()
            if self._readers.get(descriptor) is reader and int(socket.getsockopt(_EVENTS)) & _IN:
                self._holding[descriptor] = None

    def _ask_all(self) -> None:
        self._doubts = False
        for descriptor, (socket, _) in self._readers.items():
            if socket is not None and int(socket.getsockopt(_EVENTS)) & _IN:
                self._holding[descriptor] = None
