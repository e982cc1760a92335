"""Lines, scripts, exit codes, completion."""

import io
import json
from pathlib import Path

import pytest

from orrery.__main__ import main
from orrery.errors import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from orrery.repl.language import parts
from orrery.repl.shell import completer
from tests.unit.repl.support import CROSSING, command, session, typed, written


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    strategy = tmp_path / "crossing.lua"
    strategy.write_text(CROSSING)
    return ["repl", str(strategy), "--data", str(written(tmp_path, 60))]


def test_a_script_on_standard_input(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "# a remark\n\nstep 3\n= 1 + \\\n2\nquit\nnosuch()\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(files) == EXIT_OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("bar 3 of 60")
    assert lines[1:] == ["3"]


def test_a_script_ends_at_the_first_error(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*files, "-e", "step; nosuch(); step"]) == EXIT_FAILED
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1
    assert told.err.startswith("orrery: nosuch(): input:1: ")
    code, objects, error = command(capsys, *files, "-e", "step; nosuch(); step")
    assert (code, error) == (EXIT_FAILED, "")
    assert [each["ok"] for each in objects] == [True, False]
    assert objects[1]["command"] == "nosuch()"


def test_each_object_is_one_line(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    looks = "step 30; state; bar; bars; indicators; context; position; orders; account; history; prints; why; list; info; help"
    code, objects, _ = command(capsys, *files, "-e", looks, "-e", "= {a = 1}")
    assert code == EXIT_OK
    assert [each["command"] for each in objects] == [*parts(looks), "= {a = 1}"]
    assert all(each["ok"] for each in objects)


def test_parameters_by_set_and_param(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, objects, _ = command(capsys, *files, "--set", "fast=4", "--param", "lot=2", "-e", "set")
    assert code == EXIT_OK
    assert objects[0]["params"] == {"fast": 4, "lot": 2}
    limited = command(capsys, *files, "--set", "risk.max_position_size=0.5", "-e", "until refusal; why")[1]
    assert [rule["rule"] for rule in limited[-1]["rules"]["rules"] if not rule["passed"]] == ["position_size"]


@pytest.mark.parametrize("arguments", [[], ["x.lua"], ["--attach", "x.lua"], ["x.lua", "--data", "nosuch.csv"]])
def test_what_is_missing_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repl", *arguments]) == EXIT_USAGE
    assert capsys.readouterr().err.startswith("orrery: ")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a; b", ["a", "b"]), ("= f(1; 2); c", ["= f(1; 2)", "c"]), ("= 'x;y'; d", ["= 'x;y'", "d"]), ("a\n\n;b", ["a", "b"]),
        ('= "a)" ; e', ['= "a)"', "e"]), ("= {a = 1; b = 2}", ["= {a = 1; b = 2}"]), ("", []),
    ],
)  # fmt: skip
def test_a_text_is_divided(script: str, expected: list[str]) -> None:
    assert parts(script) == expected


def test_names_are_completed(tmp_path: Path) -> None:
    talk = session(tmp_path)
    typed(talk, "until state in_position")
    complete = completer(talk)
    assert complete("indicators.em", 0) == "indicators.ema("
    assert complete("context.s", 0) == "context.signal"
    assert complete("unt", 0) == "until "
    assert complete("unt", 1) is None
    assert json.dumps(complete("market_data.bi", 0)) == '"market_data.bid"'
