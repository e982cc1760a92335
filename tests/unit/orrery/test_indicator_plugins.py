"""`orrery indicators` and plug-ins that do what none should: named, whatever they do, and the command ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from orrery.__main__ import main
from services.signal.core.indicators import unregister
from tests.unit.checks.cases import FILES
from tests.unit.signal.trying import plugins


@pytest.fixture(autouse=True)
def _without_plugin() -> Iterator[None]:
    yield
    unregister("bad")


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    rows = [f"{1_700_000_040 + 60 * n},{100 + n % 7},{101 + n % 7},{99 + n % 7},{100 + n % 7},1" for n in range(60)]
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text("timestamp,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    return path


def run(bars: Path, plugin: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    path = plugins.put(bars.parent, plugin)
    code = main(["indicators", "bad", "--indicator", str(path), "--data", str(bars)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("plugin", "told"),
    [
        (plugins.SPIN, "BTCUSDT 1m: indicators.bad of bad: expected an answer within 2 s, found none"),
        (plugins.EXIT, "indicators.bad of bad: expected an answer, found its process ended by exit code 3"),
        (plugins.BALLOON, "indicators.bad of bad: expected at most 1024 MiB of memory, found more"),
        (plugins.RAISE, "bad: ValueError: none today"),
        (plugins.LOADING_EXIT, "bad.py being loaded: expected an answer, found its process ended by exit code 3"),
    ],
    ids=["spin", "exit", "balloon", "raise", "loading"],
)
def test_one_that_fails_is_named(bars: Path, capsys: pytest.CaptureFixture[str], plugin: str, told: str) -> None:
    code, out, err = run(bars, plugin, capsys)
    assert code != 0
    assert told in err
    assert out == ""


def test_one_that_is_good_is_computed(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(bars, plugins.GOOD, capsys)
    assert code == 0
    assert out.splitlines()[-1].split()[-1] == "103"


def test_another_implementation_does_not_have_it(bars: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = plugins.put(bars.parent, plugins.GOOD)
    code = main(["indicators", "bad", "--indicator", str(path), "--data", str(bars), "--backend", "pandas-ta"])
    assert code != 0
    assert "pandas-ta does not have bad" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "ending"), [("trailing_zscore", "py"), ("rising", "lua")])
def test_every_kind_of_plug_in_is_computed(
    name: str, ending: str, bars: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = FILES / "indicators" / f"{name}.{ending}"
    assert main(["indicators", name, "--indicator", str(path), "--data", str(bars), "--json"]) == 0
    outputs = json.loads(capsys.readouterr().out)["outputs"]
    assert all(None not in column for column in outputs.values())
    unregister(name)
