"""A journal is read without a trace: a torn end is told, damage is an error, what is in use is refused."""

from pathlib import Path

import pytest

from common.journal import Journal
from common.records import DamagedRecordError, JournalError, first_numbers, path_of
from orrery.parity.journals import ReadJournal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "j", segment_bytes=64)
    for number in range(1, 11):
        journal.append(f"record {number}".encode())
        journal.flush()
    journal.close()
    return journal.folder


def last_file(folder: Path) -> Path:
    """Return the file that is written last."""
    files = [path_of(folder, first) for first in first_numbers(folder)]
    return [path for path in files if path.stat().st_size][-1]


def test_records_are_read_from_any_number(folder: Path) -> None:
    journal = ReadJournal(folder)
    assert [number for number, _ in journal.read(7)] == [7, 8, 9, 10]
    assert next(journal.read())[1] == b"record 1"
    assert journal.first_number == 1
    assert journal.torn == ""


def test_a_torn_end_is_told_and_left_as_it_is(folder: Path) -> None:
    for empty in [path_of(folder, first) for first in first_numbers(folder)]:
        if not empty.stat().st_size:
            empty.unlink()
    path = last_file(folder)
    cut = path.read_bytes()[:-2]
    path.write_bytes(cut)
    journal = ReadJournal(folder)
    assert [number for number, _ in journal.read()] == list(range(1, 10))
    assert "behind record 9 are no whole record" in journal.torn
    assert path.read_bytes() == cut


def test_a_flipped_byte_is_damage_even_at_the_end(folder: Path) -> None:
    path = last_file(folder)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(DamagedRecordError, match="record 10"):
        list(ReadJournal(folder).read())


def test_a_missing_file_is_named(folder: Path) -> None:
    path_of(folder, first_numbers(folder)[1]).unlink()
    with pytest.raises(JournalError, match="expected a file that begins with record"):
        list(ReadJournal(folder).read())


def test_a_journal_in_use_is_refused(folder: Path) -> None:
    journal = Journal(folder)
    try:
        with pytest.raises(JournalError, match="in use by process"):
            ReadJournal(folder)
    finally:
        journal.abandon()


def test_no_folder_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="found no folder"):
        ReadJournal(tmp_path / "none")
