"""Recordings as a source: paced by an injected clock, bounded per turn, and honest about their end."""

import json
from pathlib import Path

import pytest

from common.messages import Quote
from services.market_data.adapters.file_source import MAX_INPUTS_PER_CALL, FileSettings, FileSource
from services.market_data.adapters.recorder import Recorder
from services.market_data.adapters.recording_lines import RecordedFrame, RecordedReply
from services.market_data.adapters.recordings import RecordingError
from services.market_data.core.inputs import (
    Connected,
    CoreInput,
    DepthFailed,
    DepthReply,
    DepthRequest,
    Disconnected,
    Reconnect,
    VenueFrame,
)

SECOND = 1_000_000_000
BEGIN = 1_700_000_000 * SECOND
BODY = b'{"lastUpdateId":100,"bids":[["10.00","1.0"]],"asks":[["11.00","3.0"]]}'


class FakeTime:
    """A wall clock and a monotonic one, set by the test."""

    def __init__(self) -> None:
        self.ns = 5_000

    def monotonic(self) -> int:
        return self.ns

    def now_ns(self) -> int:
        return 77

    def seen(self, event_ns: int) -> None:
        del event_ns


def quote(number: int, at_ns: int) -> Quote:
    return Quote(
        symbol="X", bid=1.0, bid_size=0.0, ask=2.0, ask_size=0.0, update_id=number, event_ns=at_ns, received_ns=at_ns
    )


def written(path: Path, count: int, step_ns: int = SECOND) -> list[Quote]:
    quotes = [quote(number, BEGIN + number * step_ns) for number in range(count)]
    with Recorder(path) as recorder:
        for each in quotes:
            recorder.message(each)
    return quotes


def diff(last: int) -> bytes:
    data = {"e": "depthUpdate", "E": 1, "s": "X", "U": last, "u": last, "b": [[f"{last}.0", "1.0"]], "a": []}
    return json.dumps({"stream": "x@depth", "data": data}, separators=(",", ":")).encode()


def everything(source: FileSource) -> list[CoreInput]:
    inputs: list[CoreInput] = []
    while source.next_deadline_ns() is not None:
        assert source.next_deadline_ns() == 0, "at full speed it never waits"
        inputs += source.stream()
    return inputs


def test_at_full_speed_everything_comes_in_bounded_portions(tmp_path: Path) -> None:
    quotes = written(tmp_path / "x.jsonl", 1_000)
    source = FileSource(FileSettings(tmp_path / "x.jsonl"), FakeTime())
    assert source.next_deadline_ns() is None
    assert source.stream() == []
    source.connect()
    portions = []
    while not source.finished:
        portions.append(list(source.stream()))
    assert max(map(len, portions)) <= MAX_INPUTS_PER_CALL
    end = Disconnected("the recording ended after 1000 lines, 0 of them skipped")
    assert [each for portion in portions for each in portion] == [Connected(1), *quotes, end]
    assert source.counters() == {"delivered": 1_000, "lines": 1_000, "lines_skipped": 0}
    assert source.next_deadline_ns() is None


@pytest.mark.parametrize(("speed", "step"), [(1.0, SECOND), (2.0, SECOND // 2), (0.5, 2 * SECOND)])
def test_the_recorded_pace_is_kept_at_any_speed(tmp_path: Path, speed: float, step: int) -> None:
    quotes = written(tmp_path / "x.jsonl", 4)
    time = FakeTime()
    source = FileSource(FileSettings(tmp_path / "x.jsonl", speed=speed), time, time.monotonic)
    source.connect()
    assert source.stream() == [Connected(1)]
    assert source.stream() == [quotes[0]]
    begin_ns = time.ns
    for number in (1, 2, 3):
        assert source.next_deadline_ns() == begin_ns + number * step
        time.ns = begin_ns + number * step - 1
        assert source.stream() == []
        time.ns += 1
        assert source.stream()[0] == quotes[number]


def test_a_late_turn_catches_up(tmp_path: Path) -> None:
    quotes = written(tmp_path / "x.jsonl", 10)
    time = FakeTime()
    source = FileSource(FileSettings(tmp_path / "x.jsonl", speed=1.0), time, time.monotonic)
    source.connect()
    source.stream()
    source.stream()
    time.ns += 5 * SECOND
    assert source.stream() == quotes[1:6]


def test_what_lies_before_the_start_is_passed_over(tmp_path: Path) -> None:
    quotes = written(tmp_path / "x.jsonl", 20_000, 1)
    source = FileSource(FileSettings(tmp_path / "x.jsonl", start_ns=BEGIN + 19_990), FakeTime())
    source.connect()
    assert everything(source)[1:-1] == quotes[19_990:]


def test_raw_frames_keep_their_received_time(tmp_path: Path) -> None:
    with Recorder(tmp_path / "x_ws.jsonl.gz") as recorder:
        for ts_ns in (None, BEGIN, None, BEGIN + 1):
            recorder.frame(RecordedFrame(ts_ns, 0, b"{}"))
    source = FileSource(FileSettings(tmp_path / "x_ws.jsonl.gz"), FakeTime())
    source.connect()
    times = [each.received_ns for each in everything(source) if isinstance(each, VenueFrame)]
    assert times == [77, BEGIN, BEGIN, BEGIN + 1]


@pytest.fixture
def with_book(tmp_path: Path) -> FileSource:
    with Recorder(tmp_path / "x_ws.jsonl.gz") as recorder:
        for number in range(6):
            recorder.frame(RecordedFrame(BEGIN + number, 0, diff(98 + number)))
    with Recorder(tmp_path / "x_depth_rest.jsonl.gz") as recorder:
        recorder.reply(RecordedReply(BEGIN + 3, "GET", "/api/v3/depth?symbol=X", BODY))
    source = FileSource(FileSettings(tmp_path / "x_ws.jsonl.gz"), FakeTime())
    source.connect()
    return source


def test_a_book_comes_where_its_recorder_got_it(with_book: FileSource) -> None:
    with_book.ask(DepthRequest("X", 10))
    with_book.ask(DepthRequest("X", 10))
    inputs = everything(with_book)
    assert inputs[4] == DepthReply("X", BODY, BEGIN + 3)
    assert [type(each) for each in inputs].count(DepthReply) == 1


def test_a_book_asked_for_later_is_that_of_its_moment(with_book: FileSource) -> None:
    everything(with_book)
    with_book.ask(DepthRequest("X", 2))
    (reply,) = with_book.stream()
    assert isinstance(reply, DepthReply)
    assert json.loads(reply.payload)["lastUpdateId"] == 103
    assert json.loads(reply.payload)["bids"] == [["103.0", "1.0"], ["102.0", "1.0"]]


def test_a_book_that_was_not_recorded_is_a_failure(with_book: FileSource) -> None:
    with_book.ask(DepthRequest("Y", 10))
    assert with_book.stream()[1] == DepthFailed("Y", "no book of Y was recorded")


def test_a_reconnection_is_told_and_changes_nothing(with_book: FileSource) -> None:
    with_book.stream()
    with_book.ask(Reconnect("stale"))
    assert with_book.stream() == [Disconnected("stale"), Connected(2)]


def test_a_file_cut_off_ends_with_the_reason_and_what_was_read_stays(tmp_path: Path) -> None:
    quotes = written(tmp_path / "x.jsonl.gz", 3_000)
    packed = (tmp_path / "x.jsonl.gz").read_bytes()
    (tmp_path / "x.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    source = FileSource(FileSettings(tmp_path / "x.jsonl.gz"), FakeTime())
    source.connect()
    inputs = everything(source)
    assert inputs[1:-1] == quotes[: len(inputs) - 2]
    assert isinstance(inputs[-1], Disconnected)
    assert "expected a whole gzip file" in inputs[-1].reason
    assert source.error == inputs[-1].reason


def test_bad_lines_are_counted(tmp_path: Path) -> None:
    written(tmp_path / "x.jsonl", 2)
    with (tmp_path / "x.jsonl").open("ab") as file:
        file.write(b"{half a line")
    source = FileSource(FileSettings(tmp_path / "x.jsonl"), FakeTime())
    source.connect()
    assert everything(source)[-1] == Disconnected("the recording ended after 3 lines, 1 of them skipped")


def test_what_cannot_be_replayed_is_refused_at_once(tmp_path: Path) -> None:
    with Recorder(tmp_path / "rest.jsonl") as recorder:
        recorder.reply(RecordedReply(None, "GET", None, b"{}"))
    with Recorder(tmp_path / "x_ws.jsonl") as recorder:
        recorder.frame(RecordedFrame(None, 0, b"{}"))
    with Recorder(tmp_path / "bad_rest.jsonl") as recorder:
        recorder.reply(RecordedReply(None, "GET", "/depth?symbol=X", b'{"code":-1}'))
    with pytest.raises(RecordingError, match="expected raw frames or messages, found REST replies"):
        FileSource(FileSettings(tmp_path / "rest.jsonl"), FakeTime())
    with pytest.raises(RecordingError, match=r"bad_rest\.jsonl: expected books as bodies"):
        FileSource(FileSettings(tmp_path / "x_ws.jsonl", tmp_path / "bad_rest.jsonl"), FakeTime())
    with pytest.raises(RecordingError, match="No such file"):
        FileSource(FileSettings(tmp_path / "nothing.jsonl"), FakeTime())


def test_after_disconnect_nothing_comes(tmp_path: Path) -> None:
    written(tmp_path / "x.jsonl", 1_000)
    source = FileSource(FileSettings(tmp_path / "x.jsonl"), FakeTime())
    source.connect()
    source.stream()
    source.disconnect()
    assert source.stream() == []
    assert source.next_deadline_ns() is None
