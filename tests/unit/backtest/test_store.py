"""Kept runs: written whole, listed, found by what people type, compared."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from orrery.errors import CommandLineError
from orrery.runs.commands import compare_command, list_command, show_command
from orrery.runs.compare import compare_runs
from orrery.runs.kept import BACKTESTS
from orrery.runs.read import list_runs, show_run
from orrery.runs.save import save_run
from orrery.runs.tables import utc
from orrery.runs.text import compare_lines, list_lines, show_lines
from services.backtest.metrics import compute
from services.backtest.result import RunResult
from tests.unit.backtest.runs import run, trade

KEPT_NS = 1_723_111_200_000_000_000
"""2024-08-08 10:00 UTC."""

RUN = run([100_000.0, 101_000.0, 99_500.5], trades=(trade(0, "12.34"), trade(1, "-3")))
app = typer.Typer()
app.command("list")(list_command)
app.command("show")(show_command)
app.command("compare")(compare_command)


def keep(folder: Path, after_s: int = 0, result: RunResult = RUN) -> Path:
    return save_run(result, compute(result), folder, kept_ns=KEPT_NS + after_s * 10**9)


def asked(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(app, [*words, "--data-dir", str(folder)], standalone_mode=False)
    assert result.exception is None, result.exception
    return result.output


def test_a_run_is_kept_whole(tmp_path: Path) -> None:
    folder = keep(tmp_path)
    assert folder == tmp_path / BACKTESTS / "20240808T100000Z-ema_crossover-01234567"
    names = ["equity.csv", "metrics.json", "report.html", "result.json", "trades.csv"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert json.loads((folder / "metrics.json").read_text()) == msgspec.to_builtins(compute(RUN))
    trades = list(csv.DictReader((folder / "trades.csv").read_text().splitlines()))
    assert [row["pnl"] for row in trades] == ["12.34", "-3"]
    assert trades[0]["entry_price"] == "20000.10"
    equity = list(csv.DictReader((folder / "equity.csv").read_text().splitlines()))
    assert [float(row["equity"]) for row in equity] == [100_000.0, 101_000.0, 99_500.5]
    assert float(equity[1]["close_BTCUSDT"]) == RUN.closes["BTCUSDT"][1]
    assert [path.name for path in (tmp_path / BACKTESTS).iterdir()] == [folder.name]


def test_what_is_read_is_what_was_kept(tmp_path: Path) -> None:
    kept = show_run(tmp_path, str(keep(tmp_path)))
    assert kept.metrics == compute(RUN)
    assert (kept.final_equity, kept.params, kept.provenance) == (Decimal("99500.5"), RUN.params, RUN.provenance)


def test_twins_do_not_replace_each_other(tmp_path: Path) -> None:
    first, second = keep(tmp_path), keep(tmp_path)
    assert second.name == f"{first.name}-2"
    assert len(list_runs(tmp_path).runs) == 2


def test_a_name_cannot_leave_its_folder(tmp_path: Path) -> None:
    folder = keep(tmp_path, result=msgspec.structs.replace(RUN, name="../../a b/-ü"))
    assert folder.parent == tmp_path / BACKTESTS


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orrery.runs.save.TRADES", "no/such/folder.csv")
    with pytest.raises(CommandLineError, match=r"cannot be kept: .*folder\.csv"):
        keep(tmp_path)
    assert list((tmp_path / BACKTESTS).iterdir()) == []


def test_the_newest_run_comes_first_and_broken_ones_are_named(tmp_path: Path) -> None:
    assert list_runs(tmp_path).runs == []
    old, new = keep(tmp_path), keep(tmp_path, 60)
    broken = keep(tmp_path, 30)
    (broken / "result.json").write_text('{"id": 3}')
    listing = list_runs(tmp_path)
    assert [kept.id for kept in listing.runs] == [new.name, old.name]
    assert len(listing.unreadable) == 1
    assert broken.name in listing.unreadable[0]
    assert [kept.id for kept in list_runs(tmp_path, 1).runs] == [new.name]


@pytest.mark.parametrize("reference", ["latest", "20240808T1001", "fedc", "fedcba98"])
def test_a_run_is_found_by_what_people_type(tmp_path: Path, reference: str) -> None:
    keep(tmp_path)
    other = keep(tmp_path, 60, msgspec.structs.replace(RUN, digest="fedcba98" * 8))
    assert show_run(tmp_path, reference).id == other.name


def test_no_run_and_many_runs_are_told_apart(tmp_path: Path) -> None:
    keep(tmp_path)
    keep(tmp_path, 60)
    with pytest.raises(CommandLineError, match="expected a kept run 'x', found none"):
        show_run(tmp_path, "x")
    with pytest.raises(CommandLineError, match="expected one kept run, found 2"):
        show_run(tmp_path, "20240808")


def test_another_format_is_refused(tmp_path: Path) -> None:
    path = keep(tmp_path) / "result.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(CommandLineError, match="expected format 1, found 2"):
        show_run(tmp_path, "latest")


def test_runs_are_held_side_by_side(tmp_path: Path) -> None:
    params = {"ema": RUN.params["ema"] | {"fast": 12}}
    source = msgspec.structs.replace(RUN.provenance[0], sha256="cd" * 32)
    changed = msgspec.structs.replace(RUN, params=params, provenance=(source,), digest="99" * 32)
    keep(tmp_path), keep(tmp_path, 60), keep(tmp_path, 120, changed)
    new, same, old = list_runs(tmp_path).runs
    alike, different = compare_runs([old, same]), compare_runs([old, new])
    assert (alike.is_same_digest, alike.is_same_data, alike.parameters, alike.settings) == (True, True, {}, {})
    assert (different.is_same_digest, different.is_same_data) == (False, False)
    assert different.parameters == {"ema.fast": [10, 12]}
    assert different.metrics["final_equity"] == [99_500.5, 99_500.5]


def test_the_commands_print_for_people_and_for_scripts(tmp_path: Path) -> None:
    assert "no backtests kept" in asked(tmp_path, "list")
    first = keep(tmp_path)
    second = keep(tmp_path, 60, msgspec.structs.replace(RUN, is_complete=False, error="boom", settings={"fee": "0"}))
    assert "partial" in asked(tmp_path, "list")
    assert [kept["id"] for kept in json.loads(asked(tmp_path, "list", "--json"))["runs"]] == [second.name, first.name]
    shown = asked(tmp_path, "show")
    assert "partial run: boom" in shown
    assert "ema.fast" in shown
    assert json.loads(asked(tmp_path, "show", first.name, "--json"))["digest"] == RUN.digest
    compared = asked(tmp_path, "compare", first.name, "latest")
    assert "digest: the same" in compared
    assert "settings that differ" in compared
    with pytest.raises(CommandLineError, match="two runs or more"):
        compare_command(["latest"], tmp_path)


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_tables_fit_the_terminal(tmp_path: Path, width: int) -> None:
    long = msgspec.structs.replace(RUN, name="a_strategy_of_a_long_name+another_of_a_long_name+a_third", bars=500_000)
    partial = msgspec.structs.replace(RUN, is_complete=False, error="boom")
    for number, result in enumerate((long, RUN, partial, RUN)):
        keep(tmp_path, 60 * number, result)
    listing = list_runs(tmp_path)
    lines = [*list_lines(listing, width), *compare_lines(compare_runs(listing.runs), width)]
    shown = [line for line in lines if " = " not in line]
    assert max(map(len, shown)) <= width
    figures = [line for line in shown if line.startswith("  sharpe")]
    assert sum(len(line.split()) - 1 for line in figures) == 4
    assert [("partial: ema_" in line) for line in lines[1:5]] == [False, True, False, False]


def test_nothing_is_cut_where_there_is_no_terminal(tmp_path: Path) -> None:
    keep(tmp_path, result=msgspec.structs.replace(RUN, name="x" * 300))
    assert "x" * 300 in asked(tmp_path, "list")


def test_parts_and_notes_are_shown(tmp_path: Path) -> None:
    source = msgspec.structs.replace(RUN.provenance[0], notes=("a note " * 30,))
    trades = (trade(0, "12.34"), trade(1, "-3", "range"))
    keep(tmp_path, result=msgspec.structs.replace(RUN, trades=trades, provenance=(source,)))
    lines = [*show_lines(show_run(tmp_path, "latest"), "folder", 80)]
    assert any(line.startswith("Strategies") for line in lines)
    assert not any(line.startswith("Symbols") for line in lines)
    assert any(line.split()[:2] == ["range", "1"] for line in lines)
    assert max(map(len, lines)) <= 80


def test_times_are_utc_text() -> None:
    assert utc(KEPT_NS) == "2024-08-08T10:00:00+00:00"
    assert utc(KEPT_NS + 1_500_000) == "2024-08-08T10:00:00.001500+00:00"
