"""The OCaml library keeps its own rules: an interface for each file, and no means to read or write."""

import re
from pathlib import Path

import pytest

from services.signal.core.indicators import BUILT_IN
from tests.architecture.sources import ROOT

LIBRARY = ROOT / "ocaml-indicators" / "lib"
SOURCES = sorted(LIBRARY.glob("*.ml"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_every_file_has_an_interface_and_opens_what_takes_reading_and_writing_away(source: Path) -> None:
    assert source.with_suffix(".mli").read_text().startswith("(** ")
    assert source.stem == "import" or source.read_text().startswith("open! Import\n")


def test_it_has_every_indicator_of_ours() -> None:
    registry = (LIBRARY / "registry.ml").read_text()
    named = set(re.findall(r'\b(?:make|closes|bars|average) "(\w+)"', registry))
    assert named >= BUILT_IN
