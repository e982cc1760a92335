"""Nobody below a `__main__` knows the mode, and nothing in the tree is unfinished or silenced without a reason."""

import ast
import re
from pathlib import Path

from tests.architecture.sources import core_files, named, parsed, python_files, tracked_files

MODES = {
    "backtest", "backtesting", "dry_run", "is_backtest", "is_dry_run", "is_live", "is_paper", "live", "paper",
    "paper_trading", "run_mode", "sandbox", "trading_mode",
}  # fmt: skip

UNFINISHED = re.compile(
    "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error", r"\bfor " + "now\\b"))
)
SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no cover|pyright:)")
SILENCED_WELL = re.compile(r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[\w, -]+\])\s*(?:#|-|—|:)\s*\w.{8,}")


def identifiers(tree: ast.AST) -> set[str]:
    """Return every name that a file gives or uses."""
    found: set[str] = set()
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value)
    return found


def lines(paths: list[Path], pattern: re.Pattern[str]) -> list[str]:
    """Return where a pattern stands."""
    return [
        f"{named(path)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]


def test_cores_do_not_know_the_mode() -> None:
    found = {named(path): identifiers(parsed(path)) & MODES for path in core_files()}
    assert {name: words for name, words in found.items() if words} == {}


def test_nothing_is_put_off() -> None:
    code = [path for path in tracked_files() if path.suffix in (".py", ".lua", ".sh", ".toml", ".yml", ".json")]
    assert lines(code, UNFINISHED) == []


def test_what_is_silenced_names_rule_and_reason() -> None:
    here = Path(__file__)
    silenced = lines([path for path in python_files() if path != here], SILENCED)
    assert [line for line in silenced if not SILENCED_WELL.search(line)] == []
