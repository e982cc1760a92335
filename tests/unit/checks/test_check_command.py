"""`orrery check`: 0 when clean, 1 when biased, 2 when it cannot be said; and what scripts read."""

import hashlib
import json
from pathlib import Path

import pytest

from orrery.__main__ import main
from services.signal.core.indicators import unregister
from tests.unit.checks.cases import FILES, ROOT, market

EMA = str(ROOT / "strategies" / "ema_crossover.lua")
LEAK = str(FILES / "leaks" / "shift_back.lua")
PLUGIN = str(FILES / "indicators" / "next_close.py")
CUTS = ("--cuts", "2")


def written(path: Path, bars: int) -> str:
    table = market(bars)
    lines = ["timestamp,open,high,low,close,volume"]
    columns = (table.start_ns // 1_000_000, table.open, table.high, table.low, table.close, table.volume)
    lines += [",".join(map(str, row)) for row in zip(*(column.tolist() for column in columns), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


@pytest.fixture
def data(tmp_path: Path) -> str:
    return written(tmp_path / "BTCUSDT_1h.csv", 300)


def test_a_clean_strategy_is_0(capsys: pytest.CaptureFixture[str], data: str) -> None:
    assert main(["check", "lookahead", "--strategy", EMA, "--data", data, *CUTS]) == 0
    assert "lookahead: clean (300 bars" in capsys.readouterr().out
    assert main(["check", "warmup", "--strategy", EMA, "--data", data]) == 0
    shown = capsys.readouterr().out
    assert "declared warm-up: 20 bars" in shown
    assert "ema(20): first value at bar 20, settled" in shown


def test_a_leak_is_1_and_says_where(capsys: pytest.CaptureFixture[str], data: str) -> None:
    code = main(["check", "lookahead", "--strategy", LEAK, "--data", data, "--indicator", PLUGIN, *CUTS])
    unregister("next_close")
    shown = capsys.readouterr().out
    assert code == 1
    assert "shift_back.lua:8: next_close(): value, first at bar 0 (2023-10-30 01:00:00 UTC)" in shown
    assert "without the future: nil" in shown


def test_scripts_read_one_object(capsys: pytest.CaptureFixture[str], data: str) -> None:
    code = main(["check", "lookahead", "-s", LEAK, "-d", data, "--indicator", PLUGIN, *CUTS, "--json"])
    unregister("next_close")
    found = json.loads(capsys.readouterr().out)
    assert (code, found["clean"], found["check"], found["bars"]) == (1, False, "lookahead", 300)
    assert {"kind", "subject", "line", "bar", "time_ns", "expected", "found", "how"} <= found["findings"][0].keys()
    assert main(["check", "warmup", "-s", EMA, "-d", data, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["declared"], report["warmth"][1]["indicator"]) == (20, "ema(20)")


def test_parameters_and_bars_are_taken(capsys: pytest.CaptureFixture[str], data: str) -> None:
    assert main(["check", "warmup", "-s", EMA, "-d", data, "--param", "slow=35", "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["kind"], finding["subject"], finding["found"]) == ("cold", "ema(35)", "nil until bar 35")
    assert main(["check", "lookahead", "-s", EMA, "-d", data, "--bars", "80", *CUTS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bars"] == 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lookahead", "--strategy", "nowhere.lua"], "nowhere.lua"),
        (["lookahead", "--strategy", EMA, "--indicator", "nowhere.py"], "nowhere.py: expected a Python or Lua file"),
        (["lookahead", "--strategy", LEAK], "no such indicator"),
        (["lookahead", "--strategy", EMA, "--bars", "12"], "expected more than the 20 bars"),
        (["warmup", "--strategy", EMA, "--bars", "150"], "expected at least 207 bars"),
        (["warmup", "--strategy", EMA, "--param", "speed=3"], "--param speed"),
    ],
)
def test_what_cannot_be_checked_is_2(
    capsys: pytest.CaptureFixture[str], data: str, arguments: list[str], said: str
) -> None:
    assert main(["check", *arguments, "--data", data]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""


def test_a_missing_data_file_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "warmup", "-s", EMA, "-d", "nowhere.csv"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err


@pytest.mark.parametrize("check", ["lookahead", "warmup"])
def test_a_model_is_that_of_the_configuration(capsys: pytest.CaptureFixture[str], check: str) -> None:
    strategy, bars = str(ROOT / "strategies" / "ml_signal.lua"), str(ROOT / "strategies" / "models" / "btcusdt_1s.csv")
    model = ROOT / "strategies" / "models" / "btcusdt_1s.onnx"
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    typed = ["check", check, "-s", strategy, "-d", bars, *(CUTS if check == "lookahead" else ())]
    assert main(typed) == 2
    assert "signal.model_path" in capsys.readouterr().err
    pytest.importorskip("onnxruntime", reason="the extra `ml` is not installed")
    settings = ("--set", f"signal.model_path={model}", "--set", f"signal.model_sha256={digest}")
    assert main([*typed, *settings, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["asked"] > 500
    if check == "warmup":
        assert "model().signal" in [each["indicator"] for each in found["warmth"]]
