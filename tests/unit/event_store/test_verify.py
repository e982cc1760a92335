"""Tampering: one flipped bit anywhere is found and located; what was deleted on purpose is no damage."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.config.models import EventStoreSection
from common.records import FRAME, frame
from services.event_store.adapters.event_log import EventLog
from services.event_store.adapters.layout import StoreError
from services.event_store.adapters.reading import oldest, read
from services.event_store.adapters.retention import Retention, retention_of, shorten
from services.event_store.adapters.scanning import scan
from services.event_store.adapters.verifying import verify
from tests.unit.event_store.stores import SMALL, fill, make_store

EVENTS = 120


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("pristine") / "store", EVENTS)


def log_files(path: Path) -> list[Path]:
    return sorted((path / "events").glob("*.log"))


def flip(file: Path, offset: int, bit: int) -> None:
    data = bytearray(file.read_bytes())
    data[offset] ^= 1 << bit
    file.write_bytes(data)


def copy(pristine: Path, path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(pristine, path)
    return path


def test_an_untouched_store_is_right(pristine: Path) -> None:
    result = verify(pristine)
    assert (result.first, result.last, result.events, result.damages) == (1, EVENTS, EVENTS, [])
    assert result.files == len(log_files(pristine)) > 2


@settings(max_examples=250, deadline=None)
@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
def test_one_flipped_bit_names_its_event_file_and_place(
    pristine: Path, tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    path = copy(pristine, tmp_path_factory.getbasetemp() / "flipped")
    files = log_files(path)
    sizes = [file.stat().st_size for file in files]
    offset = place % sum(sizes)
    chosen = 0
    while offset >= sizes[chosen]:
        offset -= sizes[chosen]
        chosen += 1
    first = int(files[chosen].stem)
    hit = next(piece for piece in scan(files[chosen].read_bytes(), first) if piece.offset <= offset < piece.end)
    flip(files[chosen], offset, bit)
    found = [(damage.sequence, damage.file, damage.offset) for damage in verify(path).damages]
    assert found[0] == (hit.number, str(files[chosen]), hit.offset)
    assert {sequence for sequence, _, _ in found} == {hit.number}


@settings(max_examples=60, deadline=None)
@given(number=st.integers(1, EVENTS), at=st.integers(0, 10**6))
def test_a_change_with_a_fitting_checksum_breaks_the_chain_there(
    pristine: Path, tmp_path_factory: pytest.TempPathFactory, number: int, at: int
) -> None:
    path = copy(pristine, tmp_path_factory.getbasetemp() / "forged")
    file = next(file for file in reversed(log_files(path)) if int(file.stem) <= number)
    data = bytearray(file.read_bytes())
    piece = next(piece for piece in scan(bytes(data), int(file.stem)) if piece.number == number)
    begin = piece.offset + FRAME.size
    data[begin + at % (piece.end - begin)] ^= 1
    data[piece.offset : begin] = frame(number, bytes(data[begin : piece.end]))
    file.write_bytes(data)
    named = {damage.sequence for damage in verify(path).damages}
    assert number in named
    assert named <= {number, number + 1}


def test_lost_files_and_tails_are_named(pristine: Path, tmp_path: Path) -> None:
    path = copy(pristine, tmp_path / "store")
    files = log_files(path)
    files[1].unlink()
    first, after = int(files[1].stem), int(files[2].stem)
    assert [(damage.sequence, damage.what) for damage in verify(path).damages] == [
        (first, f"missing; this file begins with event {after}")
    ]
    files[-1].write_bytes(b"")
    assert verify(path).damages[-1].what == f"missing; the log ends with event {int(files[-1].stem) - 1}"


def test_damage_over_several_events_names_them(pristine: Path, tmp_path: Path) -> None:
    path = copy(pristine, tmp_path / "store")
    file = log_files(path)[0]
    data = bytearray(file.read_bytes())
    pieces = list(scan(bytes(data), 1))
    data[pieces[3].offset : pieces[6].end] = bytes(pieces[6].end - pieces[3].offset)
    file.write_bytes(data)
    damages = verify(path).damages
    assert [(damage.sequence, damage.what) for damage in damages] == [(4, "it and all up to event 7 are damaged")]


def test_damaged_notes_of_the_place_and_anchors_are_named(pristine: Path, tmp_path: Path) -> None:
    path = copy(pristine, tmp_path / "store")
    snapshot = next((path / "snapshots").glob("*.snapshot"))
    flip(snapshot, 50, 3)
    assert [damage.file for damage in verify(path).damages] == [str(snapshot)]


def test_hashes_known_from_elsewhere_are_held_against_the_log(pristine: Path) -> None:
    right = verify(pristine).hash
    assert verify(pristine, {EVENTS: right}).damages == []
    assert [damage.sequence for damage in verify(pristine, {5: right}).damages] == [5]
    assert [damage.sequence for damage in verify(pristine, {EVENTS + 9: right}).damages] == [EVENTS + 9]


def test_old_events_go_and_the_chain_holds_from_the_cut(tmp_path: Path) -> None:
    log = EventLog(tmp_path, SMALL)
    fill(log, EVENTS)
    files = log_files(tmp_path)
    assert shorten(log, Retention(keep_bytes=9_000), now_ns=0) > 0
    cut = oldest(tmp_path)
    assert cut > 1
    assert log_files(tmp_path) == files[-len(log_files(tmp_path)) :]
    assert (verify(tmp_path).first, verify(tmp_path).last, verify(tmp_path).damages) == (cut, EVENTS, [])
    fill(log, 50)
    shorten(log, Retention(keep_bytes=9_000), now_ns=0)
    log.close()
    assert len(list(tmp_path.glob("anchor-*"))) == 1
    shutil.rmtree(tmp_path / "snapshots")
    again = EventLog(tmp_path, SMALL)
    assert again.sequencer.sequence == EVENTS + 50
    fill(again, 5)
    again.close()
    assert verify(tmp_path).damages == []
    with pytest.raises(StoreError, match="event 1 is gone; the oldest kept is"):
        list(read(tmp_path))
    flip(next(tmp_path.glob("anchor-*")), 5, 0)
    assert [(damage.sequence, damage.file) for damage in verify(tmp_path).damages] == [
        (oldest(tmp_path) - 1, str(next(tmp_path.glob("anchor-*"))))
    ]


def test_events_go_by_their_age(tmp_path: Path) -> None:
    log = EventLog(tmp_path, SMALL)
    fill(log, EVENTS)
    assert shorten(log, Retention(), now_ns=10**18) == 0
    shorten(log, Retention(keep_ns=50_000_000), now_ns=EVENTS * 1_000_000)
    kept = oldest(tmp_path)
    assert 1 < kept <= EVENTS - 49
    shorten(log, Retention(keep_ns=1), now_ns=10**18)
    assert len(log_files(tmp_path)) == 1
    log.close()


def test_retention_comes_from_the_configuration() -> None:
    assert retention_of(EventStoreSection(keep_hours=0.5, keep_bytes=7)) == Retention(1_800_000_000_000, 7)
