"""What outlives this process: the core's state and how far each stream was read; one owner at a time."""

import os
from pathlib import Path
from typing import Final

from common.bus_service import ServiceError
from common.durable import LockedError, lock_file
from common.logs import get_logger
from common.snapshots import Snapshot, SnapshotStore
from services.alerts.core.alerts_core import AlertsCore

CURSORS_EVERY: Final = 100
"""Calls of `save` without news after which the cursors alone are written down."""

_log = get_logger("alerts")


class Kept:
    """The state on the disk. problem: why the latest could not be written, empty when it could."""

    def __init__(self, folder: Path) -> None:
        """Take up a folder; ServiceError if another process has it, or it cannot be used."""
        try:
            self._store = SnapshotStore(folder)
            self._lock = lock_file(folder / "lock")
        except LockedError as error:
            raise ServiceError(f"{folder}: in use by process {error}") from error
        except OSError as error:
            raise ServiceError(f"{folder}: cannot be used: {error.strerror}") from error
        self._number = self._saved_revision = self._waited = 0
        self.problem = ""

    def restore(self, core: AlertsCore) -> dict[str, tuple[int, int]]:
        """Give the core its state back, where there is one; return how far each topic was read."""
        kept = self._store.latest()
        for repair in self._store.repairs:
            _log.warning("state repaired", repair=repair)
        if kept is None:
            return {}
        self._number = kept.number
        try:
            core.restore(kept.core)
        except (ValueError, TypeError) as error:
            _log.warning("the state is of another version; alerts begin anew", error=str(error))
        return kept.cursors

    def save(self, core: AlertsCore, cursors: dict[str, tuple[int, int]], now_ns: int, *, is_last: bool) -> None:
        """Write state and cursors down, if there is news, or after a while, or for the last time; never raises."""
        self._waited += 1
        revision = core.revision
        if revision == self._saved_revision and self._waited < CURSORS_EVERY and not is_last:
            return
        snapshot = Snapshot(number=self._number + 1, outputs=0, now_ns=now_ns, cursors=cursors, core=core.snapshot())
        try:
            self._store.save(snapshot)
        except OSError as error:
            if not self.problem:
                _log.error("the state is not written down; alerts go on", error=str(error))
            self.problem = f"the disk refuses writes: {error}"
            return
        self._number += 1
        self._saved_revision, self._waited, self.problem = revision, 0, ""

    def close(self) -> None:
        """Let another process have the folder."""
        os.close(self._lock)
