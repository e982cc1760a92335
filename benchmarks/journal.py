"""The journal: records of 200 bytes appended in groups, one by one, and read back, beside a bare file write."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure
from common.journal import Journal

PAYLOAD = os.urandom(200)
RECORDS = 100_000
GROUP = 1_000
SINGLE = 10_000


def run() -> list[Figure]:
    """Measure without and with waiting for the disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        bare = _rate(SINGLE, lambda: _bare(path / "bare"))
        grouped = _rate(RECORDS, lambda: _append(path / "grouped", RECORDS, GROUP, sync=False))
        synced = _rate(RECORDS, lambda: _append(path / "synced", RECORDS, GROUP, sync=True))
        single = _rate(SINGLE, lambda: _append(path / "single", SINGLE, 1, sync=False))
        read = _rate(RECORDS, lambda: _read(path / "grouped"))
    return [
        Figure("append, flush every 1000", grouped, "1/s"),
        Figure("append, fdatasync every 1000", synced, "1/s"),
        Figure("append and flush each", single, "1/s"),
        Figure("bare write(2) of as many bytes each", bare, "1/s"),
        Figure("read all, crc checked", read, "1/s"),
    ]


def _rate(count: int, work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def _append(folder: Path, count: int, group: int, *, sync: bool) -> None:
    journal = Journal(folder, sync=sync)
    for number in range(1, count + 1):
        journal.append(PAYLOAD)
        if number % group == 0:
            journal.flush()
    journal.close()


def _bare(path: Path) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    for _ in range(SINGLE):
        os.write(file, PAYLOAD)
    os.close(file)


def _read(folder: Path) -> None:
    journal = Journal(folder)
    for _ in journal.read(1):
        pass
    journal.close()
