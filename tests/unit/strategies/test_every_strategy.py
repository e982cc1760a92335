"""What holds for every file in strategies/: it validates, names no timeframe, says what it is for and what it risks."""

import re
from pathlib import Path

import pytest

from services.signal.loading import load_strategy, validate
from tests.unit.strategies.support import FOLDER

HEDGES = {"gamma_scalp"}
"""Strategies whose size is that of what they hedge."""
FILES = sorted(FOLDER.glob("*.lua"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_validates(path: Path) -> None:
    report = validate(path)
    assert (report.ok, report.problems) == (True, ())
    assert report.trial is not None
    assert min(report.trial.opportunities, report.trial.entries, report.trial.exits) > 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_configuration_decides_on_the_bars(path: Path) -> None:
    spec = load_strategy(path)
    assert (spec.timeframe, spec.symbols, spec.name) == ("", (), path.stem)
    assert spec.params["max_quantity"] == 5
    if path.stem not in HEDGES:
        assert spec.params["notional"] == 1000


@pytest.mark.parametrize("path", [path for path in FILES if path.stem != "template"], ids=lambda path: path.stem)
def test_its_head_explains_idea_and_risk(path: Path) -> None:
    head = path.read_text().partition("strategy = {")[0]
    assert re.search(r"(?m)^-- Idea: .", head)
    assert re.search(r"(?m)^-- Risk: .", head)
