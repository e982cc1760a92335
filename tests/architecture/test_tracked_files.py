"""What is committed fits every machine: no path of this one, no address of a registry, no secret; pages are up to date."""

import re
from pathlib import Path

import pytest

from common.config.reference import reference
from tests.architecture.sources import ROOT, named, tracked_files

TEXT = [path for path in tracked_files() if path.suffix not in (".gz", ".zst", ".png", ".parquet", ".woff2", ".ico")]
REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com|opam\.ocaml\.org|proxy\.golang\.org"
    r"|--(?:extra-)?index-" + r"url|--find-" + "links"
)
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|secret-key = \"[^\"]{40}\"")
PINNED = re.compile(r"^([a-z0-9_.-]+)==([^ ]+)", re.MULTILINE)


def matching(pattern: re.Pattern[str]) -> list[str]:
    """Return where a pattern stands in the project's files; this file, which spells the patterns, not counted."""
    return [
        f"{named(path)}:{number}: {line.strip()[:120]}"
        for path in TEXT
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_path_of_this_machine() -> None:
    homes = [f"{path}/" for path in (ROOT, ROOT.parent, Path.home()) if len(path.parts) > 2 or path == Path.home()]
    assert matching(re.compile("|".join(map(re.escape, homes)))) == []


def test_no_address_of_a_registry() -> None:
    assert matching(REGISTRIES) == []


def test_no_secret() -> None:
    assert matching(SECRETS) == []


@pytest.mark.parametrize("name", ["requirements-services.lock", "requirements.lock", "requirements-dev.lock"])
def test_locks_hold_versions_and_hashes_only(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert len(PINNED.findall(text)) > 20
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[a-z])", text) if block.strip())


def test_the_locks_hold_each_other() -> None:
    services, setup, dev = (
        set(PINNED.findall((ROOT / f"requirements{name}.lock").read_text())) for name in ("-services", "", "-dev")
    )
    assert services < setup < dev


def test_the_image_holds_what_services_need_and_no_more() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert set(re.findall(r"requirements[a-z-]*\.lock", dockerfile)) == {"requirements-services.lock"}
    heavy = "^(pyarrow|plotly|scipy|scikit-learn|skfolio|onnxruntime)=="
    assert not re.search(heavy, (ROOT / "requirements-services.lock").read_text(), re.MULTILINE)


def test_the_configuration_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert page == reference(), "python -m common.config.reference > docs/configuration.md"
