"""A page of memory in which a worker notes whom it is calling, so that whoever ends it knows where it hung or died."""

import mmap
import os
import struct
import tempfile
from collections.abc import Iterator
from typing import override

from services.signal.core.runner import Runner

SIZE = 4_096
ID_BYTES_MAX = 1_024
_COUNT = struct.Struct("<Q")
_LENGTH = struct.Struct("<H")
_IDLE = _LENGTH.pack(0)


def make_page() -> int:
    """Return the descriptor of a fresh page, to be handed to a worker."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("orrery-marker", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, SIZE)
    return fd


class Marker:
    """The page. The count of calls stands first, then the runner's id with its length."""

    def __init__(self, fd: int) -> None:
        self._page = mmap.mmap(fd, SIZE)
        self._calls = 0
        self._ids: dict[str, bytes] = {}

    def enter(self, id_: str) -> None:
        """Note that a runner is being called."""
        packed = self._ids.get(id_)
        if packed is None:
            raw = id_.encode()[:ID_BYTES_MAX]
            packed = self._ids[id_] = _LENGTH.pack(len(raw)) + raw
        self._page[8 : 8 + len(packed)] = packed
        self._calls += 1
        _COUNT.pack_into(self._page, 0, self._calls)

    def leave(self) -> None:
        """Note that no runner is being called."""
        self._page[8:10] = _IDLE

    def read(self) -> tuple[int, str]:
        """Return how many calls there were, and whose the one that lasts is, empty for none."""
        (calls,), (length,) = _COUNT.unpack_from(self._page, 0), _LENGTH.unpack_from(self._page, 8)
        return calls, self._page[10 : 10 + length].decode(errors="replace")

    def close(self) -> None:
        """Let go of the page."""
        self._page.close()


class Watched(list[Runner]):
    """Runners that are noted, one after the other, as somebody goes through them."""

    def __init__(self, marker: Marker) -> None:
        super().__init__()
        self._enter = marker.enter

    @override
    def __iter__(self) -> Iterator[Runner]:
        for runner in super().__iter__():
            self._enter(runner.id)
            yield runner
