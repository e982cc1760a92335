"""`orrery events`: what is printed and exported is what was stored."""

import gzip
import json
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from common.bus.frames import Received
from common.codec import decode, encode
from common.messages import AnyMessage, Fill, IntentKind, Liquidity, Quote, Side
from orrery.__main__ import main
from orrery.errors import EXIT_INTERRUPTED
from orrery.events import tailing
from orrery.events.rows import Choice, chosen
from services.event_store.adapters.event_log import EventLog
from services.event_store.adapters.reading import read
from services.event_store.adapters.verifying import verify
from services.event_store.core.stored import Stored

COUNT = 40


def message(number: int) -> AnyMessage:
    if number % 4:
        return Quote(
            symbol="AAAUSDT",
            bid=1.5,
            bid_size=2.0,
            ask=1.6,
            ask_size=3.0,
            update_id=number,
            event_ns=number,
            received_ns=number,
        )
    return Fill(
        id=f"s:AAAUSDT-{number}-f1",
        order_id=f"s:AAAUSDT-{number}",
        intent_id=f"s:AAAUSDT-{number}",
        runner="s:AAAUSDT",
        strategy="s",
        kind=IntentKind.ENTRY,
        venue="paper",
        symbol="AAAUSDT",
        side=Side.BUY,
        price=Decimal("1.60"),
        quantity=Decimal("0.5"),
        remaining_quantity=Decimal(0),
        fee=Decimal("0.001"),
        fee_currency="USDT",
        liquidity=Liquidity.TAKER,
        cause=f"s:AAAUSDT-{number}",
        event_ns=number,
        received_ns=number,
    )


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "event_store"
    log = EventLog(path)
    for number in range(1, COUNT + 1):
        each = message(number)
        publisher, topic = ("execution", "reports") if isinstance(each, Fill) else ("market_data", "quote.AAAUSDT")
        log.append(publisher, Received(topic, 7, number, 0, encode(each)), 1_700_000_000_000_000_000 + number)
    log.close()
    return path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["events", *words]) == 0
    return capsys.readouterr().out


def test_tail_prints_the_latest(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, "tail", "-n", "3", "--store", str(store)).splitlines()
    assert [line.split()[0] for line in lines] == ["38", "39", "40"]
    assert "2023-11-14 22:13:20" in lines[0]
    found = [
        json.loads(line)
        for line in told(capsys, "tail", "-n", "9", "--json", "--topic", "rep", "--store", str(store)).splitlines()
    ]
    assert [each["sequence"] for each in found] == [32, 36, 40]
    assert found[-1]["message"]["price"] == "1.60"


def test_ctrl_c_ends_the_tail_that_follows(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def look_then_press(path: Path, choice: Choice) -> Iterator[tuple[bytes, Stored]]:
        yield from chosen(path, choice)
        looks.append(choice.first or 0)
        if len(looks) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(tailing, "chosen", look_then_press)
    monkeypatch.setattr(tailing, "FOLLOW_EVERY_S", 0.01)
    before = signal.getsignal(signal.SIGINT)
    assert main(["events", "tail", "-n", "3", "--follow", "--store", str(store)]) == EXIT_INTERRUPTED
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["38", "39", "40"]
    assert looks == [38, 41]
    assert signal.getsignal(signal.SIGINT) is before


def test_show_prints_everything_of_one(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "show", "40", "--store", str(store))
    assert "s:AAAUSDT-40-f1" in out
    assert "reports #40 of execution" in out
    assert json.loads(told(capsys, "show", "40", "--json", "--store", str(store)))["hash"] == verify(store).hash
    assert main(["events", "show", "41", "--store", str(store)]) == 2
    assert "no event 41 yet" in capsys.readouterr().err


def test_hashes_are_those_of_the_chain_and_the_state(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = json.loads(told(capsys, "hash", "--json", "--store", str(store)))
    assert (last["sequence"], last["chain"]) == (COUNT, verify(store).hash)
    earlier = json.loads(told(capsys, "hash", "--to-seq", "39", "--json", "--store", str(store)))
    assert earlier["sequence"] == 39
    assert earlier["state"] != last["state"]
    assert main(["events", "hash", "--to-seq", "41", "--store", str(store)]) == 2
    expect = f"39:{earlier['chain']}"
    assert "all is right" in told(capsys, "verify", "--expect", expect, "--store", str(store))


def test_verify_says_where_and_fails(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = next((store / "events").glob("*.log"))
    data = bytearray(file.read_bytes())
    data[3_000] ^= 16
    file.write_bytes(data)
    assert main(["events", "verify", "--store", str(store)]) == 1
    out = capsys.readouterr().out
    assert f"{file}, byte" in out
    assert "1 damaged" in out
    assert main(["events", "verify", "--store", str(store), "--expect", "5:xyz"]) == 2


@pytest.mark.parametrize("name", ["e.jsonl", "e.jsonl.gz", "e.parquet"])
def test_what_is_exported_is_what_is_stored(
    store: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / name
    parquet = pytest.importorskip("pyarrow.parquet") if name.endswith(".parquet") else None
    answer = json.loads(told(capsys, "export", "--out", str(out), "--from-seq", "2", "--json", "--store", str(store)))
    assert answer == {"file": str(out), "events": COUNT - 1}
    events = list(read(store, 2))
    if parquet is not None:
        rows = parquet.read_table(out).to_pylist()
        assert [decode(each["payload"]) for each in rows] == [event.message() for event in events]
        assert [json.loads(each["message"])["type"] for each in rows] == [each["type"] for each in rows]
        assert [each["event_ns"] for each in rows] == [event.message().event_ns for event in events]
    else:
        text = gzip.decompress(out.read_bytes()) if name.endswith(".gz") else out.read_bytes()
        rows = [json.loads(each) for each in text.splitlines()]
        assert rows[2]["message"]["quantity"] == "0.5"
    for each, event in zip(rows, events, strict=True):
        assert (each["sequence"], each["topic"], each["number"]) == (event.sequence, event.topic, event.number)
        assert each["hash"]


def test_a_name_of_no_known_kind_is_refused(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", "export", "--out", str(tmp_path / "e.csv"), "--store", str(store)]) == 2
    assert "expected a name that ends in" in capsys.readouterr().err


def test_stats_count(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(capsys, "stats", "--json", "--store", str(store)))
    assert (found["events"], found["by_stream"]) == (COUNT, {"quote": 30, "reports": 10})
    assert found["by_type"] == {"quote": 30, "fill": 10}
    assert "40 events (1 to 40)" in told(capsys, "stats", "--store", str(store))


def test_without_a_store_it_says_where_it_looked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["tail"], ["stats"], ["verify"], ["hash"], ["show", "1"]):
        assert main(["events", *command, "--store", str(tmp_path)]) == 2
        assert f"{tmp_path}: no event store here" in capsys.readouterr().err
