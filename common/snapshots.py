"""Snapshots of a service's state: written whole or not at all, checked by SHA-256, the latest two kept."""

import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec

from common.durable import write_whole

KEPT = 2
_SUFFIX = ".snapshot"
_DIGEST_BYTES = 32


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A service's state after input `number`, when `outputs` records had been put into its outbox.

    cursors: topic to (incarnation, last number taken in). core: what the core's `snapshot()` gave. commands: ids of the
    latest operator commands taken in, the oldest first.
    """

    number: int
    outputs: int
    now_ns: int
    cursors: dict[str, tuple[int, int]]
    core: bytes
    commands: list[str] = []


class SnapshotStore:
    """The snapshots in one folder, named by the input number they stand after."""

    def __init__(self, folder: Path) -> None:
        """Take up a folder, made if it is not there; raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.repairs: list[str] = []
        for unfinished in folder.glob("*.new"):
            unfinished.unlink()

    def save(self, snapshot: Snapshot) -> Path:
        """Write a snapshot; it appears under its name only when it is whole and on the disk. Raises OSError."""
        body = msgspec.msgpack.encode(snapshot)
        path = self.folder / f"{snapshot.number:020d}{_SUFFIX}"
        write_whole(path, hashlib.sha256(body).digest() + body)
        for old in self._paths()[:-KEPT]:
            with suppress(OSError):
                old.unlink()
        return path

    def latest(self) -> Snapshot | None:
        """Return the newest snapshot that is whole; a damaged one is moved aside and named in `repairs`."""
        for path in reversed(self._paths()):
            data = path.read_bytes()
            digest, body = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
            if hashlib.sha256(body).digest() != digest:
                self._set_aside(path, "its SHA-256 does not fit")
                continue
            try:
                return msgspec.msgpack.decode(body, type=Snapshot)
            except msgspec.DecodeError as error:
                self._set_aside(path, f"another version wrote it ({error})")
        return None

    def oldest_number(self) -> int:
        """Return the input number of the oldest snapshot kept, 0 if there is none."""
        paths = self._paths()
        return int(paths[0].stem) if paths else 0

    def _set_aside(self, path: Path, reason: str) -> None:
        aside = path.with_suffix(".damaged")
        path.replace(aside)
        self.repairs.append(f"{path}: {reason}; moved to {aside.name}, the one before is used")

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{_SUFFIX}"))


def read_snapshots(folder: Path) -> list[Snapshot]:
    """Return the snapshots in a folder that are whole, the oldest first; nothing is changed. Raises OSError."""
    found = []
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        data = path.read_bytes()
        digest, body = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() == digest:
            with suppress(msgspec.DecodeError):
                found.append(msgspec.msgpack.decode(body, type=Snapshot))
    return found
