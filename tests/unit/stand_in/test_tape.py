"""Recordings as a stand-in sees them: combined or not, with and without books."""

from pathlib import Path

import pytest

from orrery.stand_in.errors import StandInError
from orrery.stand_in.subscriptions import MOST_STREAMS, RequestError, Subscriptions
from orrery.stand_in.tape import Tape, TapeFrame, in_envelope, stream_key
from services.market_data.adapters.recorder import Recorder
from services.market_data.adapters.recording_lines import RecordedFrame, RecordedReply

BODY = b'{"lastUpdateId":1,"bids":[],"asks":[]}'


def recording(folder: Path, *payloads: bytes) -> Path:
    path = folder / "x_ws.jsonl"
    with Recorder(path) as recorder:
        for number, payload in enumerate(payloads):
            recorder.frame(RecordedFrame(10**18 - number, 0, payload))
    return path


def with_rest(folder: Path, name: str, *recorded: RecordedReply) -> None:
    with Recorder(folder / f"x_{name}_rest.jsonl.gz") as recorder:
        for reply in recorded:
            recorder.reply(reply)


@pytest.mark.parametrize(
    ("payload", "stream"),
    [
        (b'{"stream":"x@depth@100ms","data":{"e":"depthUpdate"}}', "x@depth@100ms"),
        (b'{"e":"depthUpdate","s":"XUSDT"}', "xusdt@depth"),
        (b'{"e":"trade","s":"XUSDT"}', "xusdt@trade"),
        (b'{"e":"aggTrade","s":"XUSDT"}', "xusdt@aggTrade"),
        (b'{"e":"kline","s":"XUSDT","k":{"i":"1m"}}', "xusdt@kline_1m"),
        (b'{"u":1,"s":"XUSDT","b":"1","B":"1","a":"2","A":"1"}', "xusdt@bookTicker"),
    ],
)
def test_frames_are_known_with_and_without_envelope(tmp_path: Path, payload: bytes, stream: str) -> None:
    tape = Tape(recording(tmp_path, b'{"result":null,"id":1}', b"no json", payload), None)
    (frame,) = tape.frames()
    assert (frame.number, frame.stream, tape.streams, tape.count) == (3, stream, [stream], 1)
    assert frame.combined == in_envelope(stream, frame.data)


def test_times_never_fall(tmp_path: Path) -> None:
    tape = Tape(recording(tmp_path, *[b'{"e":"trade","s":"X"}'] * 3), None)
    assert [frame.at_ns for frame in tape.frames()] == [10**18] * 3


def test_streams_are_the_same_whatever_their_speed_and_the_symbols_case() -> None:
    assert stream_key("BTCUSDT@depth") == stream_key("btcusdt@depth@100ms") == "btcusdt@depth"
    assert stream_key("btcusdt@depth20@100ms") != stream_key("btcusdt@depth")
    assert stream_key("btcusdt@kline_1m") != stream_key("btcusdt@kline_5m")


def test_exchange_information_is_found_beside_the_recording(tmp_path: Path) -> None:
    path = recording(tmp_path, b'{"e":"trade","s":"X"}')
    with_rest(tmp_path, "exchangeinfo", RecordedReply(None, "GET", "https://venue/api/v3/exchangeInfo", b'{"a":1}'))
    assert Tape(path, None).exchange_info() == b'{"a":1}'


def test_a_snapshot_without_url_needs_a_single_depth_stream(tmp_path: Path) -> None:
    depth = b'{"stream":"%b@depth","data":{"e":"depthUpdate"}}'
    path = recording(tmp_path, depth % b"x", depth % b"y")
    with_rest(tmp_path, "depth", RecordedReply(None, "GET", None, BODY))
    with pytest.raises(StandInError, match="expected one depth stream that it can belong to, found"):
        Tape(path, None)


@pytest.mark.parametrize(("payload", "said"), [(b"{}", "expected frames of Binance market-data streams, found none")])
def test_a_recording_of_something_else_is_refused(tmp_path: Path, payload: bytes, said: str) -> None:
    with pytest.raises(StandInError, match=said):
        Tape(recording(tmp_path, payload), None)


def test_a_book_that_is_none_is_refused(tmp_path: Path) -> None:
    path = recording(tmp_path, b'{"e":"trade","s":"X"}')
    with_rest(tmp_path, "depth", RecordedReply(None, "GET", "/api/v3/depth?symbol=X", b'{"code":-1121}'))
    with pytest.raises(StandInError, match="expected books as bodies of the REST replies"):
        Tape(path, None)


def test_one_connection_carries_a_bounded_number_of_streams() -> None:
    subscriptions = Subscriptions("/ws")
    subscriptions.add(f"s{number}@trade" for number in range(MOST_STREAMS))
    with pytest.raises(RequestError, match="too many parameters"):
        subscriptions.add(["one@more"])
    assert len(subscriptions.reply('{"method":"LIST_SUBSCRIPTIONS","id":1}').split(b",")) == MOST_STREAMS + 1


def test_subscriptions_decide_what_a_client_gets() -> None:
    frame = TapeFrame(1, 1, "x@depth@100ms", "x@depth", b"{}", in_envelope("x@depth@100ms", b"{}"))
    assert Subscriptions("/stream?streams=x@depth@100ms/y@trade").text(frame) == frame.combined
    assert Subscriptions("/stream?streams=X@depth").text(frame) == b'{"stream":"X@depth","data":{}}'
    assert Subscriptions("/ws/x@depth").text(frame) == b"{}"
    assert Subscriptions("/ws/y@depth").text(frame) is None
    assert not Subscriptions("/ws")
