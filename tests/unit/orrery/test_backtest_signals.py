"""`orrery backtest` with signals from outside, in the recording or in a file of their own: shown from their time on, not before."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from orrery.__main__ import main

START_S = 1_700_000_040
SIGNALLED_S = START_S + 185
BULLISH = """
function detect_opportunity(market_data, context, indicators)
  local mood = market_data.signals.mood
  if mood and mood.value > 0.5 and mood.age_seconds < 120 then return { signal = "bullish", age = mood.age_seconds } end
end
function filter_commitment(market_data, context, indicators)
  return { action = "enter_long", quantity = 1, reason = string.format("%s after %d s", market_data.signals.mood.text, context.age) }
end
function manage_position(market_data, context, indicators)
  if market_data.signals.mood.value < 0 then return { action = "exit", reason = "mood" } end
end
"""


def quote_lines() -> list[dict[str, Any]]:
    """Return a quote a second for ten minutes."""
    return [
        {"timestamp": START_S + second, "instrument": "BTCUSDT", "best_bid": 100.0 + second / 100, "best_ask": 100.1 + second / 100}
        for second in range(600)
    ]  # fmt: skip


SIGNALS = [
    {"timestamp": SIGNALLED_S, "name": "mood", "symbol": "BTCUSDT", "value": 0.8, "text": "cheerful"},
    {"timestamp": SIGNALLED_S + 1, "name": "mood", "symbol": "ETHUSDT", "value": -0.8},
    {"timestamp": SIGNALLED_S + 200, "name": "mood", "value": -0.4},
]


def written(path: Path, lines: list[dict[str, Any]]) -> str:
    """Write lines in the order of their times."""
    text = "".join(json.dumps(line) + "\n" for line in sorted(lines, key=lambda line: line["timestamp"]))
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


def trades_of(capsys: pytest.CaptureFixture[str], tmp_path: Path, *files: str) -> dict[str, Any]:
    """Return what a backtest found."""
    script = tmp_path / "bullish.lua"
    script.write_text(BULLISH)
    data = [part for file in files for part in ("-d", file)]
    code = main(["backtest", "-s", str(script), *data, "--timeframe", "1m", "--json"])
    told = capsys.readouterr()
    assert code == 0, told.err
    found: dict[str, Any] = json.loads(told.out)
    return found


def test_they_are_shown_from_their_time_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mixed = trades_of(capsys, tmp_path, written(tmp_path / "all.jsonl", [*quote_lines(), *SIGNALS]))
    assert mixed["trades"] == 1
    # In at the end of the fourth minute and out at that of the seventh, at the quotes of the seconds before.
    entry, exit_ = 100.1 + 2.39, 100.0 + 4.19
    assert mixed["turnover"] == pytest.approx(entry + exit_, abs=1e-9)
    apart = [written(tmp_path / "q.jsonl.gz", quote_lines()), written(tmp_path / "s.jsonl", SIGNALS)]
    assert trades_of(capsys, tmp_path, *apart)["digests"] == mixed["digests"]


def test_what_comes_later_changes_nothing_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    early = trades_of(capsys, tmp_path, written(tmp_path / "a.jsonl", [*quote_lines(), SIGNALS[0]]))
    both = trades_of(capsys, tmp_path, written(tmp_path / "b.jsonl", [*quote_lines(), *SIGNALS]))
    assert early["orders"] == 1
    assert both["orders"] == 2


def bars(path: Path) -> str:
    """Write ten bars of a minute, from START_S on; minute n opens and closes at 100 + n."""
    rows = [f"{START_S + 60 * n},{100 + n},{100 + n},{100 + n},{100 + n},1" for n in range(10)]
    path.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]))
    return str(path)


def test_on_bars_too_they_are_shown_from_their_time_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [bars(tmp_path / "BTCUSDT_1m.csv"), written(tmp_path / "s.jsonl.gz", SIGNALS)]
    found = trades_of(capsys, tmp_path, *files)
    # Decided at the end of the fourth minute and of the seventh, filled at the opens behind these.
    assert (found["tier"], found["trades"], found["turnover"]) == ("bars", 1, 104 + 107)
    assert [(each["file"], each["rows"]) for each in found["provenance"]] == [("BTCUSDT_1m.csv", 10), ("s.jsonl.gz", 3)]
    assert trades_of(capsys, tmp_path, *reversed(files))["digest"] == found["digest"]
    early = trades_of(capsys, tmp_path, files[0], written(tmp_path / "e.jsonl", SIGNALS[:1]))
    assert (early["orders"], early["turnover"]) == (1, 104)


def test_on_bars_of_several_symbols_each_hears_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signals = [{**SIGNALS[0], "symbol": symbol, "timestamp": at} for symbol, at in (("BTCUSDT", 1_700_000_225), ("ETHUSDT", 1_700_000_400))]  # fmt: skip
    files = [
        bars(tmp_path / "BTCUSDT_1m.csv"),
        bars(tmp_path / "ETHUSDT_1m.csv"),
        written(tmp_path / "s.jsonl", signals),
    ]
    found = trades_of(capsys, tmp_path, *files)
    assert (found["orders"], found["turnover"]) == (
        2,
        104 + 106,
    )  # at the ends of the fourth minute and of the sixth, at that very time


def test_a_damaged_file_of_signals_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(json.dumps(SIGNALS[0]) + '\n{"timestamp":1,"name":"mood","value":"high"}\n')
    script = tmp_path / "bullish.lua"
    script.write_text(BULLISH)
    assert main(["backtest", "-s", str(script), "-d", bars(tmp_path / "X_1m.csv"), "-d", str(path)]) == 2
    assert "s.jsonl: line 2: " in capsys.readouterr().err
