"""`orrery backtest`: a CSV without mapping, the figures that scripts read, and errors that say what to change."""

import json
from pathlib import Path
from typing import Any

import pytest

from orrery.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
EMA = str(ROOT / "strategies" / "ema_crossover.lua")
KEYS = {"bars", "orders", "trades", "fees", "final_equity", "bars_per_second", "digest", "metrics", "data_quality"}


@pytest.fixture
def bars(tmp_path: Path) -> str:
    """Return a CSV of an hour's zigzag and fall, one bar a minute."""
    path = tmp_path / "BTCUSDT_1m.csv"
    closes = [100 + (10 if number % 60 < 30 else 0) + number % 30 / 10 for number in range(300)]
    lines = ["timestamp,open,high,low,close,volume"]
    for number, close in enumerate(closes):
        open_ = closes[max(0, number - 1)]
        hour, minute = divmod(number, 60)
        moment = f"2024-01-01 {hour:02}:{minute:02}:00"
        lines.append(f"{moment},{open_},{max(open_, close) + 0.5},{min(open_, close) - 0.5},{close},1")
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["backtest", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    result: dict[str, Any] = json.loads(out)
    return result


def test_a_csv_of_the_usual_columns_needs_no_mapping(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    result = found(capsys, "--strategy", EMA, "--data", bars)
    assert result.keys() >= KEYS
    assert result["bars"] == 300
    assert result["orders"] >= 2
    assert result["initial_cash"] == 100_000
    assert result["final_equity"] - 100_000 == pytest.approx(100_000 * result["metrics"]["total_return"])
    assert found(capsys, "--strategy", EMA, "--data", bars)["digest"] == result["digest"]


def test_what_was_found_in_the_data_is_told(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    (clean,) = found(capsys, "--strategy", EMA, "--data", bars)["data_quality"]
    assert (clean["rows_read"], clean["bars_kept"], clean["gaps"], clean["findings"]) == (300, 300, 0, [])
    path = Path(bars)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:20], lines[20].replace(lines[20].split(",")[2], "-1"), *lines[24:]]))
    (holed,) = found(capsys, "--strategy", EMA, "--data", bars, "--on-bad", "drop")["data_quality"]
    assert (holed["gaps"], holed["bars_missing"], holed["file"]) == (1, 4, path.name)
    assert [each["first_row"] for each in holed["findings"]] == [19]


def test_fee_slippage_cash_and_parameters_are_taken(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    free = found(capsys, "--strategy", EMA, "--data", bars, "--fee", "0", "--cash", "5000")
    assert (free["fees"], free["slippage_paid"], free["initial_cash"]) == (0, 0, 5_000)
    dear = found(capsys, "--strategy", EMA, "--data", bars, "--slippage", "0.001", "--param", "fast=4")
    assert dear["fees"] > 0
    assert dear["slippage_paid"] > 0
    assert dear["params"]["ema_crossover"]["fast"] == 4


def test_start_and_end_choose_the_bars(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    times = ("--start", "2024-01-01T01:00", "--end", "2024-01-01T03:00")
    assert found(capsys, "--strategy", EMA, "--data", bars, *times)["bars"] == 120


def test_limits_of_the_configuration_apply_when_asked_for(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    result = found(capsys, "--strategy", EMA, "--data", bars, "--set", "risk.max_position_size=0.001")
    assert result["orders"] == 0
    assert result["refusals"] > 0


def test_people_get_a_table(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    code, out, _ = run(capsys, "--strategy", EMA, "--data", bars)
    assert code == 0
    assert "final equity" in out
    assert "tier" in out


def test_a_strategy_that_fails_is_told_and_what_it_did_is_shown(
    capsys: pytest.CaptureFixture[str], bars: str, tmp_path: Path
) -> None:
    path = tmp_path / "broken.lua"
    text = Path(EMA).read_text().replace("local is_long", 'error("worn out") local is_long')
    path.write_text(text)
    code, out, err = run(capsys, "--strategy", str(path), "--data", bars, "--json")
    assert code == 1
    assert "worn out" in err
    assert json.loads(out)["is_complete"] is True
    assert json.loads(out)["bars"] == 300


def test_runs_are_kept_listed_and_shown(
    capsys: pytest.CaptureFixture[str], bars: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORRERY__ENGINE__DATA_DIR", str(tmp_path / "var"))
    result = json.loads(run(capsys, "--strategy", EMA, "--data", bars, "--keep", "--json")[1])
    code, out, _ = run(capsys, "list", "--json")
    assert code == 0
    assert [kept["digest"] for kept in json.loads(out)["runs"]] == [result["digest"]]
    assert "ema(10)" in next(tmp_path.rglob("report.html")).read_text()
    code, out, _ = run(capsys, "show", "latest")
    assert code == 0
    assert result["digest"][:8] in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "expected --strategy FILE and --data FILE"),
        (("--data", "{bars}", "--cash", "much"), "--cash much: expected a number from 0"),
        (("--data", "{bars}", "--fee", "2"), "--fee 2: expected a number from 0 to 0.1"),
        (("--data", "{bars}", "--start", "soon"), "--start soon: expected a time such as"),
        (("--data", "{bars}", "--start", "2024-02-01", "--end", "2024-01-01"), "expected a time after --start"),
        (("--data", "{bars}", "--start", "2025-01-01"), "expected bars between start and end, found none"),
        (("--data", "{bars}", "--param", "quick=3"), "--param quick: no such parameter; the strategies declare"),
        (("--data", "{bars}", "--param", "fast"), "--param fast: expected NAME=VALUE"),
        (("--data", "{bars}", "--symbol", "A", "--symbol", "B"), "expected none, or one for each --data"),
        (("--data", "{bars}", "--data", "{bars}"), "symbol: expected each once, found BTCUSDT again"),
        (("--data", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_cannot_be_run_says_what_to_change(
    capsys: pytest.CaptureFixture[str], bars: str, arguments: tuple[str, ...], text: str
) -> None:
    code, out, err = run(capsys, "--strategy", EMA, *(argument.format(bars=bars) for argument in arguments))
    assert (code, out) == (2, "")
    assert text in err


def notes(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    return [note for source in found(capsys, *arguments)["provenance"] for note in source["notes"]]


def test_it_says_what_a_strategy_reads_that_the_data_do_not_have(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    scalp = str(ROOT / "strategies" / "gamma_scalp.lua")
    told = notes(capsys, "--strategy", scalp, "--data", bars)
    assert "no greeks of BTCUSDT, which gamma_scalp reads: market_data.delta and the like stay nil" in told
    assert not [note for note in notes(capsys, "--strategy", EMA, "--data", bars) if note.startswith("no ")]


def test_a_strategy_without_its_signals_is_told_of(
    capsys: pytest.CaptureFixture[str], bars: str, tmp_path: Path
) -> None:
    script = tmp_path / "hears.lua"
    script.write_text(
        "-- no market_data.signals here\nlocal function said(m) return m.signals end\n"
        "function detect_opportunity(m) return nil and said(m) end\nfunction filter_commitment() end\nfunction manage_position() end\n"
    )
    signals = tmp_path / "said.jsonl"
    line = {"timestamp": 1_704_070_800, "name": "mood", "value": 1.0}
    signals.write_text(json.dumps(line) + "\n")
    told = "no signals from outside, which hears reads; a file of them is one more --data"
    assert told in notes(capsys, "--strategy", str(script), "--data", bars)
    assert told not in notes(capsys, "--strategy", str(script), "--data", bars, "--data", str(signals))
    script.write_text(script.read_text().replace("return m.signals", "return m"))
    assert told not in notes(capsys, "--strategy", str(script), "--data", bars)


def test_a_coin_of_tiny_price_gets_a_tick_from_its_prices(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    path, usual = Path(bars), found(capsys, "--strategy", EMA, "--data", bars)
    head, *rows = path.read_text().splitlines()
    tiny = [
        ",".join([time, *(f"{float(price) * 1e-10:.13f}" for price in (o, h, low, c)), volume])
        for time, o, h, low, c, volume in (row.split(",") for row in rows)
    ]
    path.write_text("\n".join([head, *tiny, ""]))
    arguments = ("--strategy", EMA, "--data", bars)
    assert any("so a tick of 0.00000000001 is taken from them" in note for note in notes(capsys, *arguments))
    assert found(capsys, *arguments)["trades"] == usual["trades"] > 0
    config = path.with_name("own.toml")
    config.write_text('[[instruments]]\nsymbol = "BTCUSDT"\ntick_size = 0.000000001\n')
    assert not any("a tick of" in note for note in notes(capsys, *arguments, "--config", str(config)))


def test_one_row_is_enough_where_its_length_is_told(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    path = Path(bars)
    path.write_text("\n".join(path.read_text().splitlines()[:2]) + "\n")
    assert found(capsys, "--strategy", EMA, "--data", bars, "--timeframe", "5m")["bars"] == 1
    code, _, err = run(capsys, "--strategy", EMA, "--data", bars)
    assert code != 0
    assert "no length (timeframe) told" in err


def test_the_summary_fits_narrow_terminals(capsys: pytest.CaptureFixture[str], bars: str) -> None:
    from orrery.backtesting.inputs import make_plan
    from orrery.backtesting.options import Options
    from orrery.backtesting.output import as_lines
    from services.backtest.engine import run as run_plan
    from services.backtest.metrics import compute

    result = run_plan(
        make_plan(
            Options(
                strategies=[Path(EMA)],
                data=[Path(bars)],
                symbols=[],
                start="",
                end="",
                cash="1000",
                fee="0",
                slippage="0",
                params=(),
                loaded=None,
            )
        )
    )
    lines = list(as_lines(result, compute(result), 60))
    assert max(len(line) for line in lines if result.digest not in line) <= 60
    assert any(line.strip() == result.digest for line in lines)
    assert max(map(len, as_lines(result, compute(result)))) > 60


def test_events_say_the_same_of_greeks_and_coarse_ticks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT.csv"
    rows = [f"2024-01-01T00:{number // 6:02}:{number % 6 * 10:02},1.2e-8,1.3e-8" for number in range(300)]
    path.write_text("\n".join(["time,bid,ask", *rows, ""]))
    told = notes(capsys, "--strategy", str(ROOT / "strategies" / "gamma_scalp.lua"), "--data", str(path))
    assert any(note.startswith("no greeks of BTCUSDT, which gamma_scalp reads") for note in told)
    assert any("prices down to 1.25e-08, fewer than 100 ticks of 0.00000001" in note for note in told)


def test_greeks_that_are_there_are_no_note_and_those_of_another_option_are(capsys: pytest.CaptureFixture[str]) -> None:
    option, data = "ETH-9APR21-1950-C", ROOT / "tests" / "fixtures" / "deribit" / "eth_9apr21_1950_c.jsonl"
    hedge = ("--strategy", str(ROOT / "strategies" / "gamma_scalp.lua"), "--data", str(data), "--timeframe", "1s")
    assert not [note for note in notes(capsys, *hedge, "--param", f"option={option}") if note.startswith("no greeks")]
    told = notes(capsys, *hedge, "--param", "option=ETH-9APR21-2000-P")
    assert [note for note in told if note.startswith(f"no greeks of ETH-9APR21-2000-P (of {option} alone)")]
