"""The journal against a list: whatever is appended, flushed, rotated, dropped and reopened, the records are the list."""

import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.journal import Journal, JournalError, read_folder
from common.records import MARK_EVERY, MAX_RECORD_BYTES, frame

OPERATIONS = st.one_of(
    st.tuples(st.just("append"), st.binary(max_size=60)),
    st.tuples(st.just("flush"), st.none()),
    st.tuples(st.just("reopen"), st.none()),
    st.tuples(st.just("crash"), st.none()),
    st.tuples(st.just("drop"), st.integers(0, 60)),
    st.tuples(st.just("read"), st.tuples(st.integers(0, 60), st.integers(0, 20))),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    opened = Journal(folder)
    yield opened
    opened.close()


class Model:
    """What a journal must be: a list of which a prefix is written, and a number before which all is gone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal(folder, segment_bytes=150)
        self.records: list[bytes] = []
        self.flushed = 0

    def apply(self, name: str, argument: object) -> None:
        match name, argument:
            case "append", bytes(payload):
                self.records.append(payload)
                assert self.journal.append(payload) == len(self.records)
            case "flush", _:
                self._flush()
            case "reopen", _:
                self._flush()
                self.journal.close()
                self.journal = Journal(self.folder, segment_bytes=150)
            case "crash", _:
                del self.records[self.flushed :]
                self.journal.abandon()
                self.journal = Journal(self.folder, segment_bytes=150)
            case "drop", int(number):
                self.journal.drop_before(number, keep_segments=1)
            case "read", (int(start), int(limit)):
                self._read(start, limit)
            case _:
                raise AssertionError(f"no such operation: {name}")
        self._check()

    def _flush(self) -> None:
        self.journal.flush()
        self.flushed = len(self.records)

    def _read(self, start: int, limit: int) -> None:
        if start < self.journal.first_number:
            with pytest.raises(JournalError, match=f"record {start} is gone"):
                self.journal.read(start, limit)
            return
        wanted = list(enumerate(self.records[: self.flushed], 1))[start - 1 :][:limit]
        assert list(self.journal.read(start, limit)) == wanted

    def _check(self) -> None:
        journal = self.journal
        assert journal.last_number == len(self.records)
        assert journal.has_unflushed == (len(self.records) > self.flushed)
        first = journal.first_number
        kept = list(enumerate(self.records[: self.flushed], 1))[first - 1 :]
        assert list(journal.read(first)) == kept
        assert list(read_folder(self.folder)) == kept
        assert journal.repairs == []


@settings(max_examples=60, deadline=None)
@given(st.lists(OPERATIONS, max_size=60))
def test_journal_is_a_list(operations: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        model = Model(Path(scratch))
        for name, argument in operations:
            model.apply(name, argument)
        model.journal.close()


def test_format_of_the_file(folder: Path, journal: Journal) -> None:
    journal.append(b"first")
    journal.append(b"")
    journal.flush()
    golden = bytes.fromhex("050000004d86b18666697273740000000014d80727")
    assert (folder / "00000000000000000001.log").read_bytes() == golden


def test_numbers_start_at_one_and_go_on_after_reopening(folder: Path, journal: Journal) -> None:
    assert (journal.first_number, journal.last_number) == (1, 0)
    assert [journal.append(b"x"), journal.append(b"y")] == [1, 2]
    journal.close()
    reopened = Journal(folder)
    assert reopened.append(b"z") == 3
    reopened.close()


def test_incarnation_stays_with_the_journal_and_differs_between_journals(tmp_path: Path) -> None:
    first = Journal(tmp_path / "a")
    other = Journal(tmp_path / "b")
    assert first.incarnation != other.incarnation
    first.close()
    other.close()
    again = Journal(tmp_path / "a")
    assert again.incarnation == first.incarnation
    again.close()


def test_damaged_incarnation_is_named(folder: Path) -> None:
    Journal(folder).close()
    (folder / "incarnation").write_bytes(b"")
    with pytest.raises(JournalError, match=r"incarnation: expected a number, found ''"):
        Journal(folder)


def test_unflushed_records_are_not_read(journal: Journal) -> None:
    journal.append(b"seen")
    journal.flush()
    journal.append(b"unseen")
    assert list(journal.read(1)) == [(1, b"seen")]
    assert list(journal.read(2)) == []
    assert list(journal.read(99)) == []


def test_oversized_record_is_refused(journal: Journal) -> None:
    with pytest.raises(JournalError, match="at most 16000000"):
        journal.append(b"x" * (MAX_RECORD_BYTES + 1))
    assert journal.last_number == 0


def test_dropping_keeps_whole_files_and_the_last_one(folder: Path) -> None:
    journal = Journal(folder, segment_bytes=100)
    for _ in range(30):
        journal.append(b"x" * 20)
        journal.flush()
    assert journal.drop_before(1_000) == 7
    assert journal.first_number == 29
    assert journal.append(b"y") == 31
    with pytest.raises(JournalError, match="record 28 is gone; the oldest kept is 29"):
        journal.read(28)
    journal.close()


def test_a_folder_with_a_foreign_file_is_refused(folder: Path) -> None:
    Journal(folder).close()
    (folder / "notes.log").write_text("hello")
    with pytest.raises(JournalError, match=r"notes\.log: expected a name of 20 digits"):
        Journal(folder)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="file/journal: cannot make the journal's folder"):
        Journal(tmp_path / "file" / "journal")


def _written(folder: Path, count: int = 8) -> tuple[Path, bytes]:
    journal = Journal(folder)
    for number in range(count):
        journal.append(b"record-%d" % number)
    journal.close()
    path = folder / "00000000000000000001.log"
    return path, path.read_bytes()


def _ends(count: int = 8) -> list[int]:
    """Return where each record of `_written` ends, the file's beginning first."""
    return [number * (8 + len(b"record-0")) for number in range(count + 1)]


def test_every_cut_of_the_tail_is_set_aside_and_named(folder: Path) -> None:
    path, whole = _written(folder)
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        journal = Journal(folder)
        intact = sum(end <= size for end in _ends()) - 1
        assert journal.last_number == intact
        assert [payload for _, payload in journal.read(1)] == [b"record-%d" % number for number in range(intact)]
        torn = size - _ends()[intact]
        if torn:
            [repair] = journal.repairs
            aside = folder / repair.rpartition(" ")[2]
            assert repair.startswith(f"{path}: {torn} bytes after record {intact} were no whole record; moved to ")
            assert aside.read_bytes() == whole[size - torn : size]
        else:
            assert journal.repairs == []
        assert journal.append(b"next") == intact + 1
        journal.close()
        assert list(read_folder(folder))[-1] == (intact + 1, b"next")


def test_every_flipped_bit_is_found(folder: Path) -> None:
    path, whole = _written(folder)
    last_begins = _ends()[-2]
    for bit in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        number = bit // 8 // 16 + 1
        if bit // 8 < last_begins:
            with pytest.raises(
                JournalError, match=rf"{path.name}: record {number} at byte {_ends()[number - 1]} is dama"
            ):
                Journal(folder)
            assert path.read_bytes() == damaged
            continue
        journal = Journal(folder)
        assert (journal.last_number, len(journal.repairs)) == (7, 1)
        journal.close()


def test_every_flipped_bit_in_an_older_file_is_found_on_reading(folder: Path) -> None:
    journal = Journal(folder, segment_bytes=60)
    for number in range(8):
        journal.append(b"record-%d" % number)
        journal.flush()
    path = folder / "00000000000000000001.log"
    whole = path.read_bytes()
    assert len(whole) == _ends()[4]
    for bit in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        number = bit // 8 // 16 + 1
        for read in (partial(journal.read, 1), partial(read_folder, folder)):
            with pytest.raises(
                JournalError, match=rf"{path.name}: record {number} at byte {_ends()[number - 1]} is dama"
            ):
                list(read())
        assert next(journal.read(5)) == (5, b"record-4")
    journal.close()


def test_an_older_file_cut_between_records_is_found(folder: Path) -> None:
    journal = Journal(folder, segment_bytes=60)
    for number in range(8):
        journal.append(b"record-%d" % number)
        journal.flush()
    path = folder / "00000000000000000001.log"
    path.write_bytes(path.read_bytes()[:32])
    for read in (partial(journal.read, 1), partial(read_folder, folder)):
        with pytest.raises(JournalError, match=rf"{path.name}: ends before record 3, the next file begins with 5"):
            list(read())
    journal.close()


def test_a_missing_older_file_is_found(folder: Path) -> None:
    journal = Journal(folder, segment_bytes=60)
    for number in range(12):
        journal.append(b"record-%d" % number)
        journal.flush()
    journal.close()
    (folder / "00000000000000000005.log").unlink()
    reopened = Journal(folder, segment_bytes=60)
    with pytest.raises(JournalError, match="ends before record 5, the next file begins with 9"):
        list(reopened.read(1))
    reopened.close()


def test_a_record_copied_to_another_place_is_damage(folder: Path) -> None:
    path, whole = _written(folder, 4)
    path.write_bytes(whole[:16] + whole[:16] + whole[32:])
    with pytest.raises(JournalError, match="record 2 at byte 16 is damaged, and whole records follow"):
        Journal(folder)


def test_a_second_damage_at_the_same_place_keeps_both(folder: Path) -> None:
    path, whole = _written(folder, 2)
    for again in range(2):
        path.write_bytes(whole[:20])
        journal = Journal(folder)
        assert journal.repairs[0].endswith(f".damaged-16-{again}")
        journal.close()


def test_reading_the_recent_end_does_not_walk_the_file(folder: Path) -> None:
    journal = Journal(folder)
    for number in range(5 * MARK_EVERY):
        journal.append(b"%d" % number)
        journal.flush()
    [segment] = journal._segments
    offset = sum(8 + len(b"%d" % number) for number in range(4 * MARK_EVERY))
    assert segment.marks[4] == offset
    journal.close()
    reopened = Journal(folder)
    assert reopened._segments[0].marks == segment.marks
    # Damage far in front of what is read is not met, so that part of the file was not walked.
    path = folder / "00000000000000000001.log"
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    start = 4 * MARK_EVERY + 7
    assert [number for number, _ in reopened.read(start, 3)] == [start, start + 1, start + 2]
    reopened.close()


def test_marks_are_found_again_in_an_older_file(folder: Path) -> None:
    journal = Journal(folder, segment_bytes=20_000)
    for number in range(8 * MARK_EVERY):
        journal.append(b"%06d" % number)
        journal.flush()
    journal.close()
    reopened = Journal(folder, segment_bytes=20_000)
    assert [number for number, _ in reopened.read(1)] == list(range(1, 8 * MARK_EVERY + 1))
    full = reopened._segments[0]
    assert [after - before for before, after in pairwise(full.marks)] == [MARK_EVERY * 14] * (len(full.marks) - 1)
    assert len(full.marks) > 3
    reopened.close()


def test_the_crc_covers_number_and_payload() -> None:
    assert frame(1, b"a") != frame(2, b"a")
    assert frame(1, b"a") != frame(1, b"b")
    assert len(frame(1, b"a")) == 8
