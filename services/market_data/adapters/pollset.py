"""One file descriptor that stands for a changing socket and for a bell that other threads ring."""

import os
import select

from services.market_data.adapters.connection import Connection


class PollSet:
    """An epoll (epolls can be polled themselves): the loop watches `fileno` whatever becomes of the connection."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._bell, select.EPOLLIN)
        self._mask = 0

    def fileno(self) -> int:
        """Return the file descriptor to poll for reading."""
        return self._epoll.fileno()

    def ring(self) -> None:
        """Make `fileno` readable; may be called from any thread."""
        os.eventfd_write(self._bell, 1)

    def silence(self) -> None:
        """Take the bell's note off again; it must have been rung."""
        os.eventfd_read(self._bell)

    def watch(self, connection: Connection) -> None:
        """Watch a connection for what it waits for; a second call brings that up to date."""
        mask = select.EPOLLIN | (select.EPOLLOUT if connection.wants_write else 0)
        if mask == self._mask:
            return
        if self._mask:
            self._epoll.modify(connection.fileno(), mask)
        else:
            self._epoll.register(connection.fileno(), mask)
        self._mask = mask

    def forget(self, connection: Connection) -> None:
        """Stop watching a connection, before it is closed."""
        self._epoll.unregister(connection.fileno())
        self._mask = 0

    def close(self) -> None:
        """Let go of the descriptors."""
        self._epoll.close()
        os.close(self._bell)
