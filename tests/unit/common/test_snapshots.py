"""Snapshots: the newest whole one is used, a damaged one is set aside and named, two are kept."""

import errno
import os
from pathlib import Path

import msgspec
import pytest

from common.snapshots import Snapshot, SnapshotStore


def snapshot(number: int) -> Snapshot:
    return Snapshot(
        number=number,
        outputs=number // 2,
        now_ns=number * 10,
        cursors={"intents": (7, number)},
        core=b"state %d" % number,
        commands=["a", "b"],
    )


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots")


def test_nothing_at_first(store: SnapshotStore) -> None:
    assert store.latest() is None
    assert store.oldest_number() == 0


def test_the_newest_comes_back_whole_and_two_are_kept(store: SnapshotStore) -> None:
    for number in (5, 30, 200):
        store.save(snapshot(number))
    assert store.latest() == snapshot(200)
    assert store.oldest_number() == 30
    assert SnapshotStore(store.folder).latest() == snapshot(200)
    assert sorted(path.name for path in store.folder.iterdir()) == [
        "00000000000000000030.snapshot",
        "00000000000000000200.snapshot",
    ]


def test_every_cut_and_every_flipped_byte_falls_back_to_the_one_before(store: SnapshotStore) -> None:
    store.save(snapshot(5))
    path = store.save(snapshot(9))
    whole = path.read_bytes()
    cuts = [whole[:size] for size in range(len(whole))]
    flips = [whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in range(len(whole))]
    for damaged in [*cuts, *flips]:
        path.write_bytes(damaged)
        again = SnapshotStore(store.folder)
        assert again.latest() == snapshot(5)
        [repair] = again.repairs
        assert repair == f"{path}: its SHA-256 does not fit; moved to {path.stem}.damaged, the one before is used"
        assert path.with_suffix(".damaged").read_bytes() == damaged


def test_a_snapshot_of_another_version_is_set_aside(store: SnapshotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(snapshot(5))
    monkeypatch.setattr(msgspec.msgpack, "encode", lambda _value: b"\x80")
    store.save(snapshot(9))
    assert store.latest() == snapshot(5)
    assert "another version wrote it" in store.repairs[0]


def test_both_damaged_is_none(store: SnapshotStore) -> None:
    for number in (5, 9):
        store.save(snapshot(number)).write_bytes(b"")
    assert store.latest() is None
    assert len(store.repairs) == 2


def test_a_disk_without_room_leaves_the_old_one(store: SnapshotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(snapshot(5))

    def full(_path: Path, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        store.save(snapshot(9))
    assert store.latest() == snapshot(5)
    assert [path.name for path in store.folder.iterdir()] == ["00000000000000000005.snapshot"]


def test_what_a_crash_left_unfinished_goes_away(store: SnapshotStore) -> None:
    store.save(snapshot(5))
    (store.folder / "00000000000000000009.new").write_bytes(b"half")
    again = SnapshotStore(store.folder)
    assert again.latest() == snapshot(5)
    assert [path.suffix for path in again.folder.iterdir()] == [".snapshot"]
