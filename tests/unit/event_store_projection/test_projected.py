"""The projection beside a log: the same from any snapshot, and only from snapshots of this log."""

from pathlib import Path

import pytest

from common.journal import Journal
from orrery.events.hashes import hashes_of
from services.event_store.adapters.following import Follower
from services.event_store.adapters.layout import EVENTS, StoreError
from services.event_store.adapters.projected import PROJECTION, ProjectedLog
from services.event_store.core.chain import GENESIS, chained
from services.event_store.core.projection.fold import Projection
from services.event_store.core.stored import Stored, encode_stored
from tests.unit.event_store_projection.runs import as_stored, interleaved, stack, streams


@pytest.fixture(scope="module")
def events() -> list[Stored]:
    return as_stored(interleaved(streams(stack(150)), 2))


def write(folder: Path, events: list[Stored], segment_bytes: int = 64_000_000) -> None:
    """Write events as a store's log."""
    journal, digest = Journal(folder / EVENTS, segment_bytes=segment_bytes), GENESIS
    for event in events:
        body = encode_stored(event)
        digest = chained(digest, body)
        journal.append(digest + body)
        journal.flush()
    journal.close()


def snapshots(folder: Path) -> list[Path]:
    """Return the snapshots beside a log."""
    return sorted((folder / PROJECTION).glob("*"))


def test_it_is_ready_from_the_latest_snapshot(tmp_path: Path, events: list[Stored]) -> None:
    write(tmp_path, events)
    first = ProjectedLog(tmp_path, every=50)
    assert first.restored == 0
    assert first.catch_up() == len(events)
    assert len(snapshots(tmp_path)) == len(events) // 50
    second = ProjectedLog(tmp_path, every=50)
    assert second.restored == len(events) // 50 * 50
    assert second.catch_up() == len(events) % 50
    assert second.projection.snapshot() == first.projection.snapshot()
    assert second.projection.digest() == Projection().take_all(events).digest()


def test_any_event_of_the_past_is_reached(tmp_path: Path, events: list[Stored]) -> None:
    write(tmp_path, events)
    ProjectedLog(tmp_path, every=50).catch_up()
    for sequence in (1, 49, 50, 51, 137):
        past = ProjectedLog(tmp_path, up_to=sequence)
        past.catch_up(sequence)
        assert past.sequence == sequence
        assert past.projection.digest() == Projection().take_all(events[:sequence]).digest()


def test_it_follows_a_log_that_grows_and_leaves_it_alone_if_told(tmp_path: Path, events: list[Stored]) -> None:
    write(tmp_path, events[:120])
    follower = ProjectedLog(tmp_path, every=50, writes=False)
    assert follower.catch_up() == 120
    assert follower.catch_up() == 0
    assert snapshots(tmp_path) == []
    journal = Journal(tmp_path / EVENTS)
    journal.append(bytes(32) + encode_stored(events[120]))
    journal.close()
    assert follower.catch_up() == 1


def test_a_damaged_snapshot_and_one_of_another_log_are_not_used(tmp_path: Path, events: list[Stored]) -> None:
    write(tmp_path / "one", events)
    write(tmp_path / "other", [*events[:10], *[_moved(event) for event in events[10:]]])
    ProjectedLog(tmp_path / "one", every=50).catch_up()
    (tmp_path / "other" / PROJECTION).mkdir()
    for path in snapshots(tmp_path / "one"):
        (tmp_path / "other" / PROJECTION / path.name).write_bytes(path.read_bytes())
    assert ProjectedLog(tmp_path / "other").restored == 0
    latest = snapshots(tmp_path / "one")[-1]
    data = bytearray(latest.read_bytes())
    data[-1] ^= 1
    latest.write_bytes(data)
    assert ProjectedLog(tmp_path / "one").restored == int(latest.stem) - 50


def test_deleted_events_are_stood_for_by_a_snapshot_or_it_says_so(tmp_path: Path, events: list[Stored]) -> None:
    write(tmp_path, events, segment_bytes=8_000)
    whole = ProjectedLog(tmp_path, every=50)
    whole.catch_up()
    min((tmp_path / EVENTS).glob("*.log")).unlink()
    after = ProjectedLog(tmp_path)
    after.catch_up()
    assert after.projection.digest() == whole.projection.digest()
    for path in snapshots(tmp_path):
        path.unlink()
    with pytest.raises(StoreError, match="are deleted, and no snapshot"):
        ProjectedLog(tmp_path)
    kept = hashes_of(tmp_path, None)
    assert kept.first > 1
    assert kept.chain == whole.chain.hex()
    assert kept.state != whole.projection.digest()


def test_hashes_are_the_same_with_and_without_snapshots(tmp_path: Path, events: list[Stored]) -> None:
    write(tmp_path, events)
    before = [hashes_of(tmp_path, sequence) for sequence in (49, 50, 137, None)]
    ProjectedLog(tmp_path, every=50).catch_up()
    assert [hashes_of(tmp_path, sequence) for sequence in (49, 50, 137, None)] == before
    assert {each.first for each in before} == {1}


def test_snapshots_are_thinned_out(tmp_path: Path, events: list[Stored]) -> None:
    write(tmp_path, events)
    ProjectedLog(tmp_path, every=2).catch_up()
    found = [int(path.stem) for path in snapshots(tmp_path)]
    assert len(found) <= 40
    assert found[-1] == len(events) // 2 * 2
    assert found[0] == 2


def _moved(event: Stored) -> Stored:
    return Stored(event.sequence, event.stored_ns + 1, event.publisher, event.topic, event.number, event.payload)


@pytest.mark.parametrize("segment_bytes", [4_000, 64_000_000])
def test_the_follower_goes_through_files_and_stops_at_a_torn_tail(
    tmp_path: Path, events: list[Stored], segment_bytes: int
) -> None:
    write(tmp_path, events, segment_bytes)
    follower = Follower(tmp_path)
    found = list(follower.records())
    assert [place.sequence for place, _ in found] == list(range(1, len(events) + 1))
    for place, record in found[::37]:
        assert next(Follower(tmp_path, place).records())[1] == record
    last = max((tmp_path / EVENTS).glob("*.log"))
    with last.open("ab") as file:
        file.write(b"\x40\x00\x00\x00torn")
    assert list(follower.records()) == []
    assert len(list(Follower(tmp_path).records())) == len(events)


def test_damage_is_named(tmp_path: Path, events: list[Stored]) -> None:
    write(tmp_path, events)
    path = next((tmp_path / EVENTS).glob("*.log"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(StoreError, match="is damaged"):
        ProjectedLog(tmp_path).catch_up()
