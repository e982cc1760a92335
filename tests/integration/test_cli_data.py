"""`record` against a running feed and against a venue, and what is said when nothing is there."""

import gzip
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orrery.recording.raw import rest_path
from orrery.recording.stream import TOPICS, topics_of
from tests.integration.harness import PROJECT, Stack, wait_until

FEED = """
strategies = []
[data_source]
type = "simulated"
[data_source.simulated]
tick_rate = 50
[market_data]
symbols = ["AAAUSDT", "BBBUSDT"]
timeframes = ["100ms"]
"""
RECORDING = PROJECT / "tests" / "fixtures" / "stand_in" / "hb_20240808_btcusdt_ws.jsonl.gz"


type Orrery = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def orrery() -> Iterator[Orrery]:
    """Return a function that starts a command; what still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "orrery", *arguments]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=PROJECT, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        if process.stdout is not None and not process.stdout.closed:
            process.communicate()


def outcome(process: subprocess.Popen[str], seconds: float = 200.0) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error of a command that ends by itself."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


@pytest.fixture
def feed() -> Iterator[Stack]:
    stack = Stack(FEED)
    yield stack
    stack.close()


def settings(stack: Stack) -> list[str]:
    return ["--config", str(stack.config), *[word for override in stack.overrides for word in ("--set", override)]]


def lines(path: Path) -> list[dict[str, Any]]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in text.splitlines()]


def test_a_recording_holds_what_the_feed_publishes_from_now_on(orrery: Orrery, feed: Stack, tmp_path: Path) -> None:
    feed.start("market_data")
    feed.wait_ready("market_data")
    out = tmp_path / "rec.jsonl.gz"
    code, told, _ = outcome(orrery("record", *settings(feed), "--out", str(out), "--duration", "1.5"))
    assert code == 0
    recorded = lines(out)
    assert f"{out}: {len(recorded)} messages, 0 lost, 0 undecodable" in told
    assert {line["type"] for line in recorded} >= {"quote", "trade", "bar", "market_status"}
    assert {line["instrument"] for line in recorded} == {"AAAUSDT", "BBBUSDT"}
    ids = [line["trade_id"] for line in recorded if line["type"] == "trade" and line["instrument"] == "AAAUSDT"]
    assert ids == list(range(ids[0], ids[0] + len(ids)))


def test_what_was_recorded_is_replayed(orrery: Orrery, feed: Stack, tmp_path: Path) -> None:
    feed.start("market_data")
    feed.wait_ready("market_data")
    out = tmp_path / "rec.jsonl.gz"
    assert outcome(orrery("record", *settings(feed), "--out", str(out), "--duration", "1"))[0] == 0
    assert feed.stop("market_data") == {"market_data": 0}
    code, told, err = outcome(orrery("replay", *settings(feed), "--file", str(out), "--json"))
    assert code == 0, err
    ticks = [line for line in lines(out) if line["type"] in {"quote", "trade"}]
    assert json.loads(told)["ticks"] == len(ticks)


def test_only_the_symbols_asked_for_are_recorded_until_ctrl_c(orrery: Orrery, feed: Stack, tmp_path: Path) -> None:
    feed.start("market_data")
    feed.wait_ready("market_data")
    out = tmp_path / "rec.jsonl"
    process = orrery("record", *settings(feed), "--out", str(out), "--symbols", "BBBUSDT")
    wait_until(lambda: out.exists() and out.stat().st_size > 10_000, "a recording that grows")
    process.send_signal(signal.SIGINT)
    code, _, _ = outcome(process)
    assert code == 0
    assert {line["instrument"] for line in lines(out)} == {"BBBUSDT"}


def test_without_a_feed_a_recording_says_so_and_leaves_no_file(orrery: Orrery, feed: Stack, tmp_path: Path) -> None:
    out = tmp_path / "rec.jsonl"
    code, _, err = outcome(orrery("record", *settings(feed), "--out", str(out), "--duration", "0.1"))
    assert code == 1
    assert "nothing heard from market_data" in err
    assert not out.exists()


def test_nothing_is_written_over(orrery: Orrery, feed: Stack, tmp_path: Path) -> None:
    out = tmp_path / "rec.jsonl"
    out.write_text("precious")
    code, _, err = outcome(orrery("record", *settings(feed), "--out", str(out), "--duration", "0.1"))
    assert code == 2
    assert f"{out}: expected a new file" in err
    assert out.read_text() == "precious"


def test_raw_frames_and_books_of_a_venue_are_recorded(orrery: Orrery, feed: Stack, tmp_path: Path) -> None:
    stand_in = orrery("stand-in", "binance", "--recording", str(RECORDING), "--speed", "0")
    try:
        assert stand_in.stdout is not None
        ready = json.loads(stand_in.stdout.readline())
        venue = [f"market_data.websocket_url={ready['ws_url']}", f"market_data.rest_url={ready['rest_url']}"]
        out = tmp_path / "again_ws.jsonl.gz"
        chosen = [word for override in [*venue, "market_data.symbols=BTCUSDT"] for word in ("--set", override)]
        arguments = ["record", "--raw", *settings(feed), *chosen, "--out", str(out), "--duration", "2"]
        code, told, err = outcome(orrery(*arguments))
        assert (code, err.count("orrery:")) == (0, told.count("1 problems")), (told, err)
    finally:
        stand_in.terminate()
        assert outcome(stand_in)[0] == 0
    recorded = lines(out)
    served = [line["frame"] for line in lines(RECORDING)]
    assert [line["frame"] for line in recorded] == served[-len(recorded) :]
    books = lines(rest_path(out))
    assert books
    assert "lastUpdateId" in str(books[0]["body"])


def test_topics_of_streams_and_symbols() -> None:
    assert topics_of(("quote", "bar"), ()) == ("quote.", "bar.")
    assert topics_of(("quote", "bar"), ("A",)) == ("quote.A", "bar.A.")
    assert set(TOPICS) == {"quote", "trade", "book", "bar", "venue_bar", "market", "greeks", "external"}


@pytest.mark.parametrize(
    ("name", "beside"), [("x_ws.jsonl", "x_depth_rest.jsonl"), ("x_ws.jsonl.gz", "x_depth_rest.jsonl.gz")]
)
def test_rest_replies_go_beside_the_frames(name: str, beside: str) -> None:
    assert rest_path(Path(name)) == Path(beside)


@pytest.mark.parametrize("name", ["x.jsonl", "x_ws.jsonl.bz2", "x_ws.json"])
def test_a_name_without_a_place_for_rest_replies_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"_ws\.jsonl"):
        rest_path(Path(name))
