"""Files of recordings: found out what they are, read in constant memory, and broken in every way a file can be."""

import gzip
import resource
from itertools import islice
from pathlib import Path

import pytest

from common.messages import AnyMessage, Quote
from services.market_data.adapters.recorder import FLUSH_INTERVAL_NS, Recorder
from services.market_data.adapters.recording_lines import RecordedFrame, RecordedReply, Shape
from services.market_data.adapters.recordings import (
    MAX_REMEMBERED_ERRORS,
    BadLine,
    RecordingError,
    frames,
    messages,
    replies,
    rest_beside,
    shape_of_file,
)

ROW = b'{"timestamp":%d,"instrument":"X","best_bid":1.0,"best_ask":2.0}\n'


def quote(number: int) -> Quote:
    return Quote(
        symbol="X", bid=1.0, bid_size=0.0, ask=2.0, ask_size=0.0, update_id=number, event_ns=number, received_ns=number
    )


def frame(number: int) -> RecordedFrame:
    return RecordedFrame(1_700_000_000_000_000_001 + number, 0, b'{"u":%d}' % number)


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz"])
def test_what_is_recorded_is_read_back(tmp_path: Path, name: str) -> None:
    with Recorder(tmp_path / name) as recorder:
        for number in range(100):
            recorder.message(quote(number))
    recording = messages(tmp_path / name)
    assert list(recording) == [quote(number) for number in range(100)]
    assert (recording.lines, recording.skipped) == (100, 0)
    assert list(recording) == [quote(number) for number in range(100)], "a recording can be read again"


def test_frames_and_replies_are_recorded_too(tmp_path: Path) -> None:
    reply = RecordedReply(5, "GET", "https://venue/api/v3/depth?symbol=X", b'{"lastUpdateId":1}')
    with Recorder(tmp_path / "x_ws.jsonl.gz") as recorder:
        recorder.frame(frame(1))
    with Recorder(tmp_path / "x_depth_rest.jsonl.gz") as recorder:
        recorder.reply(reply)
    assert list(frames(tmp_path / "x_ws.jsonl.gz")) == [frame(1)]
    assert list(replies(tmp_path / "x_depth_rest.jsonl.gz")) == [reply]
    assert shape_of_file(tmp_path / "x_ws.jsonl.gz") is Shape.FRAMES
    assert rest_beside(tmp_path / "x_ws.jsonl.gz") == tmp_path / "x_depth_rest.jsonl.gz"
    assert rest_beside(tmp_path / "other.jsonl") is None


def test_what_was_flushed_can_be_read_from_a_file_that_was_never_closed(tmp_path: Path) -> None:
    clock = [0]
    recorder = Recorder(tmp_path / "x.jsonl.gz", lambda: clock[0])
    recorder.message(quote(1))
    clock[0] = FLUSH_INTERVAL_NS
    recorder.message(quote(2))
    recorder.message(quote(3))
    found = messages(tmp_path / "x.jsonl.gz")
    assert list(islice(found, 2)) == [quote(1), quote(2)]
    recorder.close()
    recorder.close()
    assert len(list(found)) == 3


def test_a_recorder_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").touch()
    with pytest.raises(RecordingError, match=r"x\.jsonl: expected a new file to write to: File exists"):
        Recorder(tmp_path / "x.jsonl")
    with pytest.raises(RecordingError, match="No such file or directory"):
        Recorder(tmp_path / "nowhere" / "x.jsonl")


def test_a_disk_that_takes_no_more_is_a_clear_error(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "x.jsonl")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        for number in range(20):
            recorder.message(quote(number))
        with pytest.raises(RecordingError, match=r"x\.jsonl: cannot be written after line 20: File too large"):
            recorder.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        recorder.close()


def test_a_name_says_nothing_about_packing(tmp_path: Path) -> None:
    (tmp_path / "plain.jsonl.gz").write_bytes(ROW % 1)
    (tmp_path / "packed.jsonl").write_bytes(gzip.compress(ROW % 1))
    assert list(messages(tmp_path / "plain.jsonl.gz")) == list(messages(tmp_path / "packed.jsonl"))


def test_empty_lines_are_passed_over_but_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\n  \n" + ROW % 1 + b"\n" + ROW % 2)
    assert [message.received_ns for message in messages(path)] == [10**9, 2 * 10**9]
    assert shape_of_file(path) is Shape.MESSAGES


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(ROW % 1 + b"{broken\n" + ROW % 2)
    read: list[AnyMessage] = []
    with pytest.raises(RecordingError, match=r"x\.jsonl: line 2: expected one JSON object: .*; found '\{broken'"):
        read.extend(messages(path))
    assert len(read) == 1
    assert len(list(messages(path, BadLine.SKIP))) == 2


def test_skipped_lines_are_counted_and_the_first_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"{broken\n" * 50 + ROW % 2)
    recording = messages(path, BadLine.SKIP)
    assert len(list(recording)) == 1
    assert (recording.lines, recording.skipped) == (51, 50)
    assert len(recording.errors) == MAX_REMEMBERED_ERRORS
    assert "line 1:" in recording.errors[0]


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_gzip_gives_what_can_be_read_and_says_where_it_ended(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "x.jsonl.gz"
    with Recorder(path) as recorder:
        for number in range(5_000):
            recorder.message(quote(number))
    packed = bytearray(path.read_bytes())
    if damage == "cut":
        del packed[len(packed) // 2 :]
    else:
        packed[len(packed) // 2] ^= 0xFF
    path.write_bytes(packed)
    read: list[AnyMessage] = []
    with pytest.raises(RecordingError, match=r"x\.jsonl\.gz: (expected a whole gzip file|line \d+)"):
        read.extend(messages(path))
    assert read
    assert read == [quote(number) for number in range(len(read))]


def test_a_file_without_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b"\n\n")
    with pytest.raises(RecordingError, match="expected lines of JSON, found none"):
        shape_of_file(tmp_path / "x.jsonl")


def test_an_unknown_shape_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'\n{"price":1}\n')
    with pytest.raises(RecordingError, match=r"x\.jsonl: line 2: expected a key 'frame'.*found the keys \['price'\]"):
        shape_of_file(tmp_path / "x.jsonl")


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nothing\.jsonl: cannot be read: No such file or directory"):
        shape_of_file(tmp_path / "nothing.jsonl")
    with pytest.raises(RecordingError, match="cannot be read: Is a directory"):
        shape_of_file(tmp_path)


def test_an_endless_line_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.market_data.adapters.recordings.MAX_LINE_BYTES", 100)
    (tmp_path / "x.jsonl").write_bytes(ROW % 1 + b"x" * 101)
    with pytest.raises(RecordingError, match="line 2: expected at most 100 bytes"):
        list(messages(tmp_path / "x.jsonl"))
