"""Signals in a growing file: whole lines, at their time, the latest of each at the start, what is none counted and said."""

import json
from pathlib import Path

import pytest

from services.market_data.adapters import signal_tail
from services.market_data.adapters.signal_tail import SignalTail

NS = 1_000_000_000


def line(at: float, value: float, name: str = "mood", symbol: str = "") -> str:
    return json.dumps({"timestamp": at, "name": name, "symbol": symbol, "value": value}) + "\n"


def values(tail: SignalTail, at_s: float) -> list[float]:
    return [signal.value for signal in tail.look(int(at_s * NS))]


def test_what_is_appended_is_given_once(tmp_path: Path) -> None:
    path = tmp_path / "signals.jsonl"
    tail = SignalTail(path)
    assert values(tail, 10) == []
    path.write_text(line(1, 0.5))
    assert values(tail, 10) == [0.5]
    with path.open("a") as file:
        file.write(line(2, 0.25) + line(3, 0.75))
    assert values(tail, 10) == [0.25, 0.75]
    assert values(tail, 11) == []
    assert (tail.read, tail.skipped) == (3, 0)


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    path, whole = tmp_path / "signals.jsonl", line(1, 0.5)
    path.write_text(whole[:20])
    tail = SignalTail(path)
    assert values(tail, 10) == []
    with path.open("a") as file:
        file.write(whole[20:])
    assert values(tail, 10) == [0.5]


def test_a_line_of_a_later_time_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "signals.jsonl"
    path.write_text(line(1, 0.1) + line(20, 0.2) + line(30, 0.3))
    tail = SignalTail(path)
    assert values(tail, 10) == [0.1]
    assert values(tail, 19.9) == []
    assert values(tail, 20) == [0.2]
    assert values(tail, 40) == [0.3]


def test_at_the_start_only_the_latest_of_each_is_given(tmp_path: Path) -> None:
    path = tmp_path / "signals.jsonl"
    path.write_text(line(1, 0.1) + line(2, 0.2, symbol="BTCUSDT") + line(3, 0.3) + line(4, 0.4, name="fear"))
    found = SignalTail(path).look(10 * NS)
    assert [(each.name, each.symbol, each.value) for each in found] == [
        ("mood", "", 0.3),
        ("mood", "BTCUSDT", 0.2),
        ("fear", "", 0.4),
    ]


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "signals.jsonl"
    path.write_text(line(1, 0.5) + line(2, 0.6))
    tail = SignalTail(path)
    assert values(tail, 10) == [0.6]
    path.write_text(line(3, 0.7))
    assert values(tail, 10) == [0.7]


def test_what_is_no_signal_is_counted_and_said(tmp_path: Path) -> None:
    path = tmp_path / "signals.jsonl"
    path.write_text("mood: high\n\n" + line(1, 0.5) + '{"timestamp": 2, "name": "mood"}\n')
    tail = SignalTail(path)
    assert values(tail, 10) == [0.5]
    assert (tail.read, tail.skipped) == (1, 2)
    assert "value" in tail.error


def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal_tail, "MAX_WAITING", 3)
    monkeypatch.setattr(signal_tail, "MAX_BYTES_PER_LOOK", 80)
    path = tmp_path / "signals.jsonl"
    path.write_text("".join(line(100 + number, float(number)) for number in range(10)))
    tail = SignalTail(path)
    assert values(tail, 1) == []
    found = []
    for at_s in range(100, 130):
        found += values(tail, at_s)
    assert found == [float(number) for number in range(10)]
