"""The store's log: order, chain, restart, torn tail, second opener."""

import os
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.bus.frames import Received
from common.journal import JournalError, JournalLockedError
from common.routes import publisher_of
from services.event_store.adapters.event_log import EventLog, LogSettings
from services.event_store.adapters.layout import StoreError
from services.event_store.adapters.reading import oldest, read, read_chained
from services.event_store.adapters.verifying import verify
from services.event_store.core.chain import GENESIS, chained
from services.event_store.core.sequencer import ChainError, Sequencer
from services.event_store.core.stored import encode_stored
from tests.unit.event_store.stores import SMALL, fill, make_store


def last_file(path: Path) -> Path:
    return max((path / "events").glob("*.log"))


def test_events_come_back_in_order_with_their_origin(tmp_path: Path) -> None:
    events = list(read(make_store(tmp_path, 200)))
    assert [event.sequence for event in events] == list(range(1, 201))
    assert [event.number for event in events] == list(range(1, 201))
    assert {(event.publisher, event.topic, event.incarnation) for event in events} >= {("signal", "intents", 77)}
    assert all(first.stored_ns <= second.stored_ns for first, second in pairwise(events))


@pytest.mark.parametrize(("start", "end"), [(1, None), (57, None), (57, 57), (199, 400), (201, None)])
def test_a_part_is_read_without_the_rest(tmp_path: Path, start: int, end: int | None) -> None:
    found = [event.sequence for event in read(make_store(tmp_path, 200), start, end)]
    assert found == list(range(start, min(end or 200, 200) + 1))


def test_each_hash_follows_from_the_one_before(tmp_path: Path) -> None:
    previous = GENESIS
    for digest, event in read_chained(make_store(tmp_path, 50)):
        assert digest == chained(previous, encode_stored(event))
        previous = digest
    assert verify(tmp_path).hash == previous.hex()


def test_time_never_goes_back(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    for number, now_ns in enumerate((5, 9, 7), 1):
        log.append("signal", Received("intents", 1, number, 0, b"x"), now_ns)
    log.close()
    assert [event.stored_ns for event in read(tmp_path)] == [5, 9, 9]


def test_a_reader_beside_the_writer_sees_what_is_committed(tmp_path: Path) -> None:
    log = EventLog(tmp_path, LogSettings(commit_events=1_000))
    log.append("signal", Received("intents", 1, 1, 0, b"x"), 1)
    assert list(read(tmp_path)) == []
    assert log.commit()
    assert [event.sequence for event in read(tmp_path)] == [1]
    log.close()


def test_a_group_is_written_when_it_is_full_or_due(tmp_path: Path) -> None:
    log = EventLog(tmp_path, LogSettings(commit_events=3, commit_ns=10))
    assert log.commit_due_ns() is None
    log.append("signal", Received("intents", 1, 1, 0, b"x"), 100)
    log.append("signal", Received("intents", 1, 2, 0, b"x"), 105)
    assert log.commit_due_ns() == 110
    assert log.committed == 0
    assert log.append("signal", Received("intents", 1, 3, 0, b"x"), 106)
    assert log.commit()
    assert (log.committed, log.commit_due_ns()) == (3, None)
    log.close()


def test_a_second_opener_is_told_who_has_it(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    with pytest.raises(JournalLockedError, match=rf"{tmp_path}.*process {os.getpid()}"):
        EventLog(tmp_path)
    log.close()
    EventLog(tmp_path).close()


@pytest.mark.parametrize("with_snapshot", [True, False])
def test_a_restart_goes_on_where_the_log_ends(tmp_path: Path, with_snapshot: bool) -> None:
    make_store(tmp_path, 100)
    if not with_snapshot:
        shutil.rmtree(tmp_path / "snapshots")
    log = EventLog(tmp_path, SMALL)
    assert log.recovered == (0 if with_snapshot else 100)
    assert log.sequencer.cursors()["intents"] == (77, 99)
    assert sum(log.sequencer.streams().values()) == 100
    fill(log, 50)
    log.close()
    assert verify(tmp_path).events == 150
    assert verify(tmp_path).damages == []


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(1, 100_000), keep_snapshots=st.booleans())
def test_a_torn_tail_is_cut_set_aside_and_named(
    tmp_path_factory: pytest.TempPathFactory, cut: int, keep_snapshots: bool
) -> None:
    path = tmp_path_factory.mktemp("store")
    log = EventLog(path, SMALL)
    fill(log, 30)
    if keep_snapshots:
        log.save_snapshot()
    saved = log.committed if keep_snapshots else 0
    fill(log, 30)
    log.journal.abandon()
    file = last_file(path)
    os.truncate(file, cut % file.stat().st_size)
    before = len(list(read(path, oldest(path))))
    if before < saved:
        with pytest.raises(StoreError, match="its tail was lost"):
            EventLog(path, SMALL)
        return
    again = EventLog(path, SMALL)
    assert again.sequencer.sequence == before
    assert all("moved to" in repair and file.name in repair for repair in again.repairs)
    fill(again, 5)
    again.close()
    assert verify(path).damages == []
    assert verify(path).last == before + 5


def test_a_damaged_record_before_the_end_is_not_used(tmp_path: Path) -> None:
    make_store(tmp_path, 20, LogSettings())
    with last_file(tmp_path).open("r+b") as file:
        file.seek(500)
        byte = file.read(1)
        file.seek(500)
        file.write(bytes([byte[0] ^ 4]))
    with pytest.raises(JournalError, match="damaged, and whole records follow"):
        EventLog(tmp_path)
    with pytest.raises(StoreError, match="damaged"):
        list(read(tmp_path))


def test_a_disk_that_refuses_blocks_and_nothing_is_lost(tmp_path: Path) -> None:
    log = EventLog(tmp_path, LogSettings(commit_events=1_000))
    fill(log, 3)
    kept, log.journal._fd = log.journal._fd, os.open("/dev/full", os.O_WRONLY)
    log.append("signal", Received("intents", 77, 4, 0, b"four"), 9)
    assert not log.commit()
    assert "cannot write" in log.blocked
    os.close(log.journal._fd)
    log.journal._fd = kept
    assert log.commit()
    assert log.blocked == ""
    log.close()
    assert [event.number for event in read(tmp_path)] == [1, 2, 3, 4]


def test_no_store_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no event store here"):
        list(read(tmp_path / "nowhere"))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["intents", "quote.A", "health.signal"]), st.binary(max_size=30)), max_size=40)
)
def test_a_restored_sequencer_goes_on_identically(events: list[tuple[str, bytes]]) -> None:
    whole, half = Sequencer(), Sequencer()
    for number, (topic, payload) in enumerate(events, 1):
        if number == len(events) // 2:
            half = Sequencer()
            half.restore(whole.snapshot())
        record = whole.take("p", topic, (1, number), payload, number)
        if number >= len(events) // 2 and len(events) > 1:
            assert half.take("p", topic, (1, number), payload, number) == record
    if len(events) > 1:
        assert half.snapshot() == whole.snapshot()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["intents", "quote.A", "reports"]), st.binary(max_size=30)), max_size=40))
def test_many_at_once_are_the_same_as_one_by_one(events: list[tuple[str, bytes]]) -> None:
    one, many = Sequencer(), Sequencer()
    arrived = [(topic, 1, number, 0, payload) for number, (topic, payload) in enumerate(events, 1)]
    records = [one.take(publisher_of(topic), topic, (1, n), payload, 9) for topic, _, n, _, payload in arrived]
    assert many.take_all(arrived, 9) == records
    assert not events or many.snapshot() == one.snapshot()


def test_a_log_written_in_groups_is_read_like_any(tmp_path: Path) -> None:
    log = EventLog(tmp_path, SMALL)
    for start in range(0, 600, 60):
        log.extend([Received("intents", 1, start + each, 0, b"x" * 50) for each in range(1, 61)], 5)
        assert log.is_full
        log.commit()
    log.close()
    assert [event.number for event in read(tmp_path, 399, 401)] == [399, 400, 401]
    assert verify(tmp_path).events == 600
    assert verify(tmp_path).damages == []


def test_following_refuses_what_does_not_follow() -> None:
    one = Sequencer()
    first = one.take("p", "intents", (1, 1), b"a", 1)
    second = one.take("p", "intents", (1, 2), b"b", 2)
    with pytest.raises(ChainError, match="event 2 follows event 0"):
        Sequencer().follow(2, second)
    with pytest.raises(ChainError, match="hash"):
        Sequencer().follow(1, first[:-1] + bytes([first[-1] ^ 1]))
    with pytest.raises(ChainError, match="no stored event"):
        Sequencer().follow(1, bytes(40))
