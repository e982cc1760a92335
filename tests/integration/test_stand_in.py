"""The stand-in venue, spoken to by foreign clients: websockets' own, and httpx."""

import gzip
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.conftest import ROOT
from tests.integration.stand_in_harness import FRAMES, LONGEST_S, RECORDING, RunningStandIn, stand_in

REST = RECORDING.with_name("hb_20240808_btcusdt_depth_rest.jsonl.gz")


@pytest.fixture(scope="module")
def venue() -> Iterator[RunningStandIn]:
    """A stand-in that nobody has subscribed to: its clock stands still."""
    with stand_in() as running:
        yield running


def recorded() -> list[str]:
    with gzip.open(RECORDING, "rt") as file:
        return [json.loads(line)["frame"] for line in file]


def asked(client: Connection, **request: Any) -> Any:
    client.send(json.dumps(request))
    return json.loads(client.recv(LONGEST_S))


def opened(url: str) -> Connection:
    """Connect with an unlimited queue: a client that leaves without reading everything would wait for its farewell."""
    return connect(url, max_queue=None)


def received(url: str, count: int) -> list[str]:
    with opened(url) as client:
        return [str(client.recv(LONGEST_S)) for _ in range(count)]


def test_it_says_what_it_serves(venue: RunningStandIn) -> None:
    ready = dict(venue.said[0])
    assert ready.pop("ws_url") == ready.pop("rest_url").replace("http", "ws")
    assert ready == {
        "symbols": ["BTCUSDT"],
        "streams": ["btcusdt@bookTicker", "btcusdt@depth@100ms", "btcusdt@trade"],
        "frames": FRAMES,
        "depth": True,
        "rest": str(REST),
        "speed": 0.0,
    }


def test_frames_come_exactly_as_recorded_and_then_it_is_quiet() -> None:
    with stand_in() as running, opened(running.stream_url) as client:
        assert [str(client.recv(LONGEST_S)) for _ in range(FRAMES)] == recorded()
        assert running.wait_for(2) == {"finished": True, "frames_sent": FRAMES, "frames_played": FRAMES}
        assert asked(client, method="LIST_SUBSCRIPTIONS", id=1)["result"], "the connection stays open"


def test_a_single_stream_comes_without_envelope() -> None:
    wanted = [json.loads(text)["data"] for text in recorded() if "@trade" in text[:30]]
    with stand_in() as running:
        found = received(f"{running.ws_url}/ws/btcusdt@trade", len(wanted))
    assert [json.loads(text) for text in found] == wanted


def test_a_stream_goes_by_the_name_it_was_asked_for() -> None:
    wanted = [text for text in recorded() if "@depth" in text[:30]]
    with stand_in() as running:
        found = received(f"{running.ws_url}/stream?streams=BTCUSDT%40depth", len(wanted))
    assert found == [text.replace("btcusdt@depth@100ms", "BTCUSDT@depth") for text in wanted]


def test_streams_can_be_subscribed_and_left_on_an_open_connection() -> None:
    with stand_in() as running, opened(f"{running.ws_url}/stream") as client:
        assert asked(client, method="LIST_SUBSCRIPTIONS", id=1) == {"result": [], "id": 1}
        assert asked(client, method="SUBSCRIBE", params=["ethusdt@trade"], id="a") == {"result": None, "id": "a"}
        assert asked(client, method="UNSUBSCRIBE", params=["ethusdt@trade"], id=2) == {"result": None, "id": 2}
        assert asked(client, method="SUBSCRIBE", params=["btcusdt@trade"], id=3) == {"result": None, "id": 3}
    running.wait_for(2)


@pytest.mark.parametrize(
    ("request_text", "error"),
    [
        ("{broken", {"code": 3, "msg": "Invalid JSON"}),
        ("[]", {"code": 3, "msg": "Invalid JSON"}),
        ('{"id":1}', {"code": 2, "msg": "Invalid request: missing field `method`"}),
        ('{"method":"BUY","id":1}', {"code": 2, "msg": "Invalid request: unknown variant `BUY`"}),
        ('{"method":"SUBSCRIBE","params":[1],"id":1}', {"code": 2, "msg": "Invalid request: expected a list"}),
        ('{"method":"SUBSCRIBE","params":[],"id":1.5}', {"code": 2, "msg": "Invalid request: request ID"}),
        ('{"method":"SET_PROPERTY","params":["combined",1],"id":1}', {"code": 1, "msg": "Invalid value type"}),
        ('{"method":"SET_PROPERTY","params":["colour"],"id":1}', {"code": 0, "msg": "Unknown property"}),
    ],
)
def test_bad_requests_are_answered_in_the_venues_words(
    venue: RunningStandIn, request_text: str, error: dict[str, Any]
) -> None:
    with opened(f"{venue.ws_url}/ws") as client:
        client.send(request_text)
        found = json.loads(client.recv(LONGEST_S))["error"]
    assert found["code"] == error["code"]
    assert found["msg"].startswith(error["msg"])


def test_the_envelope_can_be_switched(venue: RunningStandIn) -> None:
    with opened(f"{venue.ws_url}/ws") as client:
        assert asked(client, method="GET_PROPERTY", params=["combined"], id=1)["result"] is False
        assert asked(client, method="SET_PROPERTY", params=["combined", True], id=2)["result"] is None
        assert asked(client, method="GET_PROPERTY", params=["combined"], id=3)["result"] is True


def test_who_asks_too_often_is_sent_away(venue: RunningStandIn) -> None:
    with opened(f"{venue.ws_url}/ws") as client:
        answered: list[int] = []
        with pytest.raises(ConnectionClosedError, match="1008"):
            ask_by_sixes(client, answered)
    assert answered == list(range(max(5, len(answered))))


def ask_by_sixes(client: Connection, answered: list[int]) -> None:
    """Ask six times at once, and again should they have taken more than a second; add the ids that are answered."""
    for first in itertools.count(0, 6):
        for number in range(first, first + 6):
            client.send(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
        for _ in range(6):
            answered.append(json.loads(client.recv(LONGEST_S))["id"])  # noqa: PERF401 - what came before the end counts


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/api/v3/depth", 400, -1102),
        ("/api/v3/depth?symbol=NOPE", 400, -1121),
        ("/api/v3/depth?symbol=btcusdt", 400, -1121),
        ("/api/v3/depth?symbol=BTCUSDT&limit=many", 400, -1100),
        ("/api/v3/depth?symbol=BTCUSDT&limit=0", 400, -1100),
        ("/api/v3/exchangeInfo", 503, -1001),
        ("/api/v3/account", 404, -1000),
        ("/", 404, -1000),
    ],
)
def test_rest_errors_are_the_venues(venue: RunningStandIn, target: str, status: int, code: int) -> None:
    answer = httpx.get(venue.rest_url + target, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_rest_answers(venue: RunningStandIn) -> None:
    def get(target: str) -> Any:
        return httpx.get(venue.rest_url + target, trust_env=False).raise_for_status().json()

    with gzip.open(REST, "rt") as file:
        snapshot = json.loads(json.loads(file.readline())["body"])
    assert get("/api/v3/ping") == {}
    assert get("/api/v3/time") == {"serverTime": 1_723_161_253_937}
    assert get("/api/v3/depth?symbol=BTCUSDT&limit=5000") == snapshot
    assert get("/api/v1/depth?symbol=BTCUSDT&limit=5") == {
        "lastUpdateId": snapshot["lastUpdateId"],
        "bids": snapshot["bids"][:5],
        "asks": snapshot["asks"][:5],
    }
    assert len(get("/api/v3/depth?symbol=BTCUSDT")["bids"]) == 100


def test_books_of_any_moment_agree_with_the_best_prices_of_that_moment() -> None:
    tickers = {data["u"]: data for data in (json.loads(text)["data"] for text in recorded()) if "A" in data}
    agreed = 0
    with stand_in(speed=0.5) as running, opened(running.stream_url), httpx.Client(trust_env=False) as client:
        while agreed < 2 and len(running.said) < 2:
            book = client.get(f"{running.rest_url}/api/v3/depth?symbol=BTCUSDT&limit=1").json()
            ticker = tickers.get(book["lastUpdateId"])
            if ticker is not None:
                agreed += 1
                assert (book["bids"], book["asks"]) == ([[ticker["b"], ticker["B"]]], [[ticker["a"], ticker["A"]]])
    assert agreed


def test_a_late_client_sees_what_is_going_on() -> None:
    with stand_in(speed=1.0) as running, opened(running.stream_url) as early:
        for _ in range(100):
            early.recv(LONGEST_S)
        first = received(running.stream_url, 1)[0]
    assert recorded().index(first) >= 100


def test_at_another_pace_the_same_frames_come() -> None:
    with stand_in(speed=8.0) as running, opened(running.stream_url) as client:
        assert [str(client.recv(LONGEST_S)) for _ in range(FRAMES)] == recorded()


def test_looping_sends_everybody_away_and_begins_anew() -> None:
    with stand_in(loop=True) as running:
        for turn in (1, 2):
            with opened(running.stream_url) as client:
                assert [str(client.recv(LONGEST_S)) for _ in range(FRAMES)] == recorded()
                with pytest.raises(ConnectionClosedError, match="1012"):
                    client.recv(LONGEST_S)
            assert running.wait_for(turn + 1)["frames_played"] == FRAMES * turn


def start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "orrery", "stand-in", "binance", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_says_when_it_is_ready_and_stops_by_signal(number: signal.Signals) -> None:
    with start("--recording", str(RECORDING), "--speed", "0") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert received(ready["ws_url"] + "/ws/btcusdt@trade", 1)
        assert json.loads(process.stdout.readline())["finished"] is True
        process.send_signal(number)
        out, error = process.communicate(timeout=LONGEST_S)
    assert (process.returncode, out, error) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--recording", "nothing.jsonl.gz"], "nothing.jsonl.gz: cannot be read: No such file or directory"),
        (["--recording", str(REST)], "expected a recording of raw frames, found REST replies"),
        (["--recording", str(RECORDING), "--rest", "none.gz"], "none.gz: cannot be read"),
        (["--recording", str(RECORDING), "--host", "203.0.113.1"], "cannot listen on 203.0.113.1:0"),
        (["--recording", str(RECORDING), "--fault", "explode@3"], "expected kind@number[:argument]"),
    ],
)
def test_what_cannot_be_served_is_said_without_a_traceback(arguments: list[str], text: str) -> None:
    with start(*arguments) as process:
        out, error = process.communicate(timeout=LONGEST_S)
    assert (process.returncode, out) == (2, "")
    assert text in error
    assert "Traceback" not in error


def test_a_port_in_use_is_said(venue: RunningStandIn) -> None:
    port = venue.ws_url.rpartition(":")[2]
    with start("--recording", str(RECORDING), "--port", port) as process:
        _, error = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: " in error
    assert "ddress already in use" in error


def test_a_recording_without_books_serves_everything_else(tmp_path: Path) -> None:
    alone = tmp_path / "alone.jsonl.gz"
    alone.write_bytes(RECORDING.read_bytes())
    with stand_in(recording=alone) as running:
        assert (running.said[0]["depth"], running.said[0]["rest"]) == (False, None)
        answer = httpx.get(f"{running.rest_url}/api/v3/depth?symbol=BTCUSDT", trust_env=False)
        assert (answer.status_code, answer.json()["msg"]) == (503, "a snapshot of BTCUSDT's book was not recorded.")
        assert received(f"{running.ws_url}/ws/btcusdt@trade", 1)
