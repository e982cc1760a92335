"""The journal under foul play: full disks, second owners, kill -9 at any moment, failing waits for the disk."""

import errno
import os
import random
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.journal import Journal, JournalError, JournalLockedError, JournalWriteError, read_folder

ROOT = Path(__file__).resolve().parents[3]


def run_script(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start Python on a script that knows the project."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    opened = Journal(folder)
    yield opened
    opened.close()


def test_a_second_owner_is_refused_and_told_the_first(folder: Path, journal: Journal) -> None:
    script = """
        import sys
        from pathlib import Path
        from common.journal import Journal, JournalLockedError
        try:
            Journal(Path(sys.argv[1]))
        except JournalLockedError as error:
            print(error)
    """
    said, _ = run_script(script, folder).communicate(timeout=60)
    assert said.strip() == f"{folder}: in use by process {os.getpid()}; one process at a time"
    assert journal.append(b"still ours") == 1


def test_the_lock_of_a_dead_owner_is_free(folder: Path) -> None:
    script = """
        import os, sys
        from pathlib import Path
        from common.journal import Journal
        journal = Journal(Path(sys.argv[1]))
        print("open", flush=True)
        os.kill(os.getpid(), 9)
    """
    said, _ = run_script(script, folder).communicate(timeout=60)
    assert said == "open\n"
    Journal(folder).close()


def test_a_failed_opening_lets_go_of_the_lock(folder: Path) -> None:
    Journal(folder).close()
    (folder / "foreign.log").write_text("")
    for _ in range(2):
        with pytest.raises(JournalError, match=r"foreign\.log"):
            Journal(folder)
    (folder / "foreign.log").unlink()
    Journal(folder).close()


def test_lock_error_is_a_journal_error() -> None:
    assert issubclass(JournalLockedError, JournalError)
    assert issubclass(JournalWriteError, JournalError)


def test_a_full_disk_loses_nothing_and_the_next_flush_goes_on(folder: Path) -> None:
    script = """
        import resource, sys
        from pathlib import Path
        from common.journal import Journal, JournalWriteError
        journal = Journal(Path(sys.argv[1]))
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
        written = 0
        for number in range(200):
            journal.append(b"record-%03d" % number)
            try:
                journal.flush()
                written = journal.last_number
            except JournalWriteError as error:
                print(error)
                break
        for _ in range(3):
            journal.append(b"while full")
            try:
                journal.flush()
            except JournalWriteError:
                pass
        assert journal.has_unflushed
        assert [number for number, _ in journal.read(1)] == list(range(1, written + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        journal.flush()
        assert not journal.has_unflushed
        print(written, journal.last_number)
        journal.close()
    """
    said, errors = run_script(script, folder).communicate(timeout=60)
    assert errors == ""
    refusal, counts = said.splitlines()
    assert refusal.startswith(f"{folder}/00000000000000000001.log: cannot write 18 bytes: File too large")
    written, last = map(int, counts.split())
    assert (written, last) == (1_000 // 18, 1_000 // 18 + 4)
    payloads = [payload for _, payload in read_folder(folder)]
    assert payloads == [b"record-%03d" % number for number in range(written + 1)] + [b"while full"] * 3


def test_a_device_without_room_is_a_write_error(folder: Path, journal: Journal) -> None:
    real, journal._fd = journal._fd, os.open("/dev/full", os.O_RDWR)
    journal.append(b"kept")
    with pytest.raises(JournalWriteError, match="No space left on device"):
        journal.flush()
    os.close(journal._fd)
    journal._fd = real
    journal.flush()
    assert list(read_folder(folder)) == [(1, b"kept")]


def test_closing_on_a_full_disk_says_so_and_lets_go(folder: Path) -> None:
    journal = Journal(folder)
    os.close(journal._fd)
    journal._fd = os.open("/dev/full", os.O_RDWR)
    journal.append(b"lost with the process")
    with pytest.raises(JournalWriteError):
        journal.close()
    journal.close()
    Journal(folder).close()


def test_a_new_file_that_cannot_be_made_lets_the_old_one_grow(folder: Path) -> None:
    journal = Journal(folder, segment_bytes=20)
    (folder / "00000000000000000002.log").mkdir()
    for number in range(3):
        journal.append(b"grows past its size %d" % number)
        journal.flush()
    assert [number for number, _ in journal.read(1)] == [1, 2, 3]
    (folder / "00000000000000000002.log").rmdir()
    journal.close()
    assert [number for number, _ in read_folder(folder)] == [1, 2, 3]


@pytest.fixture
def disk_waits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the waits for the disk; the waits themselves still happen."""
    waits: list[int] = []
    wait = os.fdatasync

    def counted(fd: int) -> None:
        waits.append(fd)
        wait(fd)

    monkeypatch.setattr(os, "fdatasync", counted)
    return waits


def test_sync_waits_for_the_disk_once_a_flush(folder: Path, disk_waits: list[int]) -> None:
    journal = Journal(folder, sync=True)
    for _ in range(3):
        journal.append(b"a")
        journal.append(b"b")
        journal.flush()
        journal.flush()
    assert len(disk_waits) == 3
    journal.close()


def test_without_sync_nothing_waits_until_asked(folder: Path, disk_waits: list[int]) -> None:
    journal = Journal(folder, segment_bytes=60)
    for _ in range(10):
        journal.append(b"0123456789")
        journal.flush()
    assert disk_waits == []
    journal.append(b"last")
    journal.flush_to_disk()
    assert len(disk_waits) == 1
    assert not journal.has_unflushed
    assert len(list(read_folder(folder))) == 11
    journal.close()


def test_a_failed_wait_takes_the_write_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(folder, sync=True)
    journal.append(b"first")
    journal.flush()
    wait = os.fdatasync

    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", broken)
    journal.append(b"second")
    with pytest.raises(JournalWriteError, match="Input/output error"):
        journal.flush()
    assert list(read_folder(folder)) == [(1, b"first")]
    assert journal.has_unflushed
    monkeypatch.setattr(os, "fdatasync", wait)
    journal.flush()
    assert list(read_folder(folder)) == [(1, b"first"), (2, b"second")]
    journal.close()


WRITER = """
import sys
from pathlib import Path
from common.journal import Journal
journal = Journal(Path(sys.argv[1]), segment_bytes=4_096)
size = 0
while True:
    for _ in range(journal.last_number % 7 + 1):
        size = (size * 31 + 17) % 300
        journal.append(b"%d:" % (journal.last_number + 1) + b"x" * size)
    journal.flush()
    sys.stdout.write("%d\\n" % journal.last_number)
    sys.stdout.flush()
"""


def test_kill_at_any_moment_keeps_all_that_was_flushed(folder: Path) -> None:
    chance = random.Random(7)
    for _ in range(20):
        writer = run_script(WRITER, folder)
        assert writer.stdout is not None
        for _ in range(chance.randrange(1, 60)):
            writer.stdout.readline()
        writer.kill()
        said = writer.communicate(timeout=60)[0].splitlines()
        flushed = int(said[-1]) if said else 0
        journal = Journal(folder, segment_bytes=4_096)
        numbers = []
        for number, payload in journal.read(1):
            assert payload.startswith(b"%d:" % number)
            numbers.append(number)
        assert numbers == list(range(1, journal.last_number + 1))
        assert journal.last_number >= flushed
        journal.close()
