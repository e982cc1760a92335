"""Files that survive a crash: written whole or not at all, on the disk before they are relied on, locked by one owner."""

import fcntl
import os
from pathlib import Path


class LockedError(Exception):
    """Another process holds the lock; the text is its number, or `unknown`."""


def sync_path(path: Path) -> None:
    """Wait until a file's contents, or a folder's names, are on the disk. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that appears under its name only when it is whole and on the disk. Raises OSError."""
    scratch = path.with_suffix(".new")
    try:
        scratch.write_bytes(data)
        sync_path(scratch)
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    sync_path(path.parent)


def write_all(fd: int, data: bytearray, offset: int) -> None:
    """Write everything at `offset`. Raises OSError, and part of it may then have been written."""
    view, written = memoryview(data), 0
    with view:
        while written < len(data):
            written += os.pwrite(fd, view[written:], offset + written)


def lock_file(path: Path) -> int:
    """Lock a file until the descriptor returned is closed, and write our process's number into it.

    Raises:
        LockedError: another process holds it.
        OSError: the file cannot be made or written.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
    except BlockingIOError as error:
        holder = os.pread(fd, 32, 0).decode(errors="replace").strip()
        os.close(fd)
        raise LockedError(holder or "unknown") from error
    except OSError:
        os.close(fd)
        raise
    return fd
