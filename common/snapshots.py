"""Snapshots of a service's state: written whole or not at all, checked by SHA-256, the latest two kept."""

import hashlib
import os
from pathlib import Path

import msgspec

KEPT = 2


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A service's state after input `number`, when `outputs` records had been put into its outbox.

    cursors: topic to (incarnation, last number taken in). core: what the core's `snapshot()` gave.
    """

    number: int
    outputs: int
    now_ns: int
    cursors: dict[str, tuple[int, int]]
    core: bytes


class SnapshotStore:
    """The snapshots in one folder, named by the input number they stand after."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.repairs: list[str] = []

    def save(self, snapshot: Snapshot) -> Path:
        """Write a snapshot; it appears under its name only when it is whole and on the disk. Raises OSError."""
        body = msgspec.msgpack.encode(snapshot)
        path = self.folder / f"{snapshot.number:020d}.snapshot"
        scratch = path.with_suffix(".new")
        try:
            with scratch.open("wb") as file:
                file.write(hashlib.sha256(body).digest() + body)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(path)
        except OSError:
            scratch.unlink(missing_ok=True)
            raise
        for old in self._paths()[:-KEPT]:
            old.unlink()
        return path

    def latest(self) -> Snapshot | None:
        """Return the newest snapshot that is whole; a damaged one is moved aside and named in `repairs`."""
        for path in reversed(self._paths()):
            data = path.read_bytes()
            digest, body = data[:32], data[32:]
            if hashlib.sha256(body).digest() == digest:
                return msgspec.msgpack.decode(body, type=Snapshot)
            aside = path.with_suffix(".damaged")
            path.replace(aside)
            self.repairs.append(f"{path}: its SHA-256 does not fit; moved to {aside.name}, the one before is used")
        return None

    def oldest_number(self) -> int:
        """Return the input number of the oldest snapshot kept, 0 if there is none."""
        paths = self._paths()
        return int(paths[0].stem) if paths else 0

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.snapshot"))
