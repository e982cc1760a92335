"""What lies in a folder is what exists: rules, venues, indicators and strategies are found by name, and each is tested."""

import re
from pathlib import Path
from typing import get_args

import pytest

from common.config.models import SourceType
from common.messages import RejectReason
from tests.architecture.sources import ROOT, named, services, tracked_files

RULES = ROOT / "services" / "risk_manager" / "core" / "rules"
INDICATORS = ROOT / "services" / "signal" / "core" / "indicators"
STRATEGIES = ROOT / "strategies"
TESTS = [path for path in tracked_files() if named(path).startswith("tests/") and path.name.startswith("test_")]
ROOMS = ("__init__", "__main__", "core", "metrics", "service")


def modules(folder: Path) -> list[str]:
    """Return the names of what lies in a folder: its files, or packages, that are not private."""
    found = [path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    return sorted(name for name in found if not name.startswith("_"))


def is_tested(name: str, *parts: str) -> bool:
    """Return whether a test file under some folders names a thing, by its own name or in its text."""
    near = [path for path in TESTS if not parts or set(parts) & set(path.relative_to(ROOT).parts)]
    return any(path.stem == f"test_{name}" or re.search(rf"\b{name}\b", path.read_text()) for path in near)


def test_every_refusal_is_a_rule_of_its_name() -> None:
    assert modules(RULES) == sorted(RejectReason)


@pytest.mark.parametrize("reason", sorted(RejectReason))
def test_every_rule_has_a_test_of_its_name(reason: str) -> None:
    assert [path for path in TESTS if path.name == f"test_{reason}.py" and "risk_manager" in path.parts]


@pytest.mark.parametrize("folder", sorted(ROOT.glob("services/*/core/venues")), ids=named)
def test_every_venue_is_tested(folder: Path) -> None:
    service = folder.parents[1].name
    assert [venue for venue in modules(folder) if not is_tested(venue, service, "replay", "integration")] == []


def test_every_venue_of_market_data_can_be_chosen() -> None:
    assert set(modules(ROOT / "services" / "market_data" / "core" / "venues")) <= set(get_args(SourceType))


@pytest.mark.parametrize("indicator", modules(INDICATORS) if INDICATORS.is_dir() else [])
def test_every_indicator_is_tested(indicator: str) -> None:
    assert is_tested(indicator, "signal", "indicators")


@pytest.mark.parametrize("strategy", sorted(path.stem for path in STRATEGIES.glob("*.lua")))
def test_every_strategy_is_tested(strategy: str) -> None:
    assert is_tested(strategy)


@pytest.mark.parametrize("service", services())
def test_every_service_has_the_same_rooms(service: str) -> None:
    folder = ROOT / "services" / service
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert set(ROOMS) <= found
