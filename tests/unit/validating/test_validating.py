"""`orrery validate`: misspelt names with their lines, several files, lines that fit a terminal."""

from pathlib import Path

import msgspec
import pytest

from orrery.__main__ import main
from orrery.validating.output import as_lines, problems_of
from orrery.validating.spelling import ACTIONS, misspelt
from services.signal.core.answers import AnswerError, decide
from services.signal.core.host import Function
from services.signal.loading import validate

GOOD = """
strategy = { timeframe = "1m", warmup = 3, params = { n = { default = 9, min = 2, max = 50 } } }
function detect_opportunity(md, ctx, ind)
  local mean = ind.sma(9) -- md.never is a comment
  if mean and md.close > mean then return { signal = "md.colse" } end
end
function filter_commitment(md, ctx, ind) return { action = "cancel_analysis" } end
function manage_position(md, ctx, ind)
  if ctx.position.pnl < 0 then return { action = "exit" } end
end
"""
COLUMNS = 80


def write(folder: Path, text: str, name: str = "demo.lua") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_without_misspelt_names_has_no_warning_of_them() -> None:
    assert misspelt("demo.lua", GOOD) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "hint"),
    [
        ("md.close", "md.colse", 5, "close"),
        ("ind.sma", "ind.smaa", 4, "sma"),
        ("position.pnl", "position.pln", 9, "pnl"),
        ("position.pnl", "order.prise", 9, "price"),
        ('"exit"', '"exot"', 9, "exit"),
    ],
)
def test_a_misspelt_name_is_found_with_line_and_hint(right: str, wrong: str, line: int, hint: str) -> None:
    (problem,) = misspelt("demo.lua", GOOD.replace(right, wrong, 1))
    assert (problem.line, problem.hint, problem.is_fatal) == (line, f"did you mean {hint}?", False)
    assert problem.text.startswith(f"demo.lua:{line}: ")


def test_the_strategies_of_the_house_have_no_misspelt_names() -> None:
    folder = Path(__file__).parents[3] / "strategies"
    assert [problem for path in sorted(folder.glob("*.lua")) for problem in misspelt(path.name, path.read_text())] == []


def test_the_actions_known_here_are_those_that_are_taken() -> None:
    told = ""
    for function in (Function.FILTER, Function.MANAGE):
        with pytest.raises(AnswerError) as refused:
            decide(function, {"action": "?"})
        told += str(refused.value)
    assert [action for action in ACTIONS if action not in told] == []


def test_an_error_has_the_hint_of_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("ind.sma", "ind.smaa"))
    (problem,) = problems_of(validate(path), path.read_text())
    assert (problem.line, problem.is_fatal, problem.hint) == (4, True, "did you mean sma?")


def test_lines_fit_the_terminal(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("md.close", "md.colse"))
    report = validate(path)
    lines = list(as_lines(report, problems_of(report, path.read_text()), COLUMNS))
    assert [line for line in lines[:-1] if len(line) > COLUMNS] == []
    assert "  hint: did you mean close?" in lines


def test_several_files_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = write(tmp_path, GOOD), write(tmp_path, "function f(", "bad.lua")
    assert main(["validate", str(good), "--json"]) == 0
    shown = msgspec.json.decode(capsys.readouterr().out)
    assert (shown["ok"], shown["warmup"], shown["parameters"]["n"]["max"]) == (True, {"declared": 3, "needed": 9}, 50)
    assert main(["validate", str(good), str(bad), "--json"]) == 1
    shown = msgspec.json.decode(capsys.readouterr().out)
    assert [each["ok"] for each in shown["files"]] == [True, False]
    assert main(["validate", str(good), str(bad)]) == 1
    printed = capsys.readouterr().out
    assert "n=9 (2..50)" in printed
    assert "warm-up: declared 3, all indicators have values from bar 9 on" in printed
