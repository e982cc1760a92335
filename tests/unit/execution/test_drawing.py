"""The drawings in the documentation are those of the tables."""

from services.execution.core.drawing import drawings
from tests.architecture.sources import ROOT


def test_the_page_shows_the_tables() -> None:
    page = (ROOT / "docs" / "execution.md").read_text()
    for name, drawing in drawings().items():
        assert f"```mermaid\n{drawing}\n```" in page, f"{name}: paste\n{drawing}"
