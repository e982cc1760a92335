"""Each contract is broken once, in a copy of the tree, and the tool that guards it is seen to fail."""

import os
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.architecture.sources import PACKAGES, ROOT, named, python_files

pytestmark = pytest.mark.slow

SIGNAL_CORE = "services/signal/core/planted.py"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
FORBIDDEN = next(contract["forbidden_modules"] for contract in CONTRACTS if contract["id"] == "pure")


class Breach(NamedTuple):
    """Files to plant, the contract they break, and what the report must say."""

    contract: str
    files: dict[str, str]
    report: str


BREACHES = {
    "a service imports the command line": Breach(
        "houses", {SIGNAL_CORE: "import orrery"}, "services is not allowed to import orrery"
    ),
    "common imports a service": Breach(
        "houses", {"common/planted.py": "import services.signal.core"}, "common is not allowed to import services"
    ),
    "a service imports another": Breach(
        "strangers",
        {SIGNAL_CORE: "import services.risk_manager.core"},
        "services.signal is not allowed to import services.risk_manager",
    ),
    "a service that nobody placed": Breach("strangers", {"services/planted/__init__.py": ""}, "- services.planted"),
    "a core imports its shell": Breach(
        "rooms",
        {SIGNAL_CORE: "import services.signal.service", "services/signal/service.py": ""},
        "services.signal.core is not allowed to import services.signal.service",
    ),
    "a core imports its adapters": Breach(
        "rooms",
        {"services/market_data/core/planted.py": "import services.market_data.adapters"},
        "services.market_data.core is not allowed to import services.market_data.adapters",
    ),
    "a core imports its host": Breach(
        "rooms",
        {SIGNAL_CORE: "import services.signal.hosts"},
        "services.signal.core is not allowed to import services.signal.hosts",
    ),
    "a shell imports its wiring": Breach(
        "rooms",
        {"services/signal/metrics.py": "import services.signal.__main__"},
        "services.signal.metrics is not allowed to import services.signal.__main__",
    ),
    "a room that nobody placed": Breach("rooms", {"services/signal/planted.py": ""}, "- services.signal.planted"),
    "a core reads the clock through common": Breach(
        "pure", {SIGNAL_CORE: "import common.clock"}, "common.clock -> time"
    ),
    "messages reach out": Breach(
        "pure", {"common/messages/planted.py": "import socket"}, "common.messages is not allowed to import socket"
    ),
    "the backtester reaches an adapter": Breach(
        "backtest",
        {"services/backtest/planted.py": "import services.market_data.adapters.recordings"},
        "services.backtest is not allowed to import services.market_data.adapters",
    ),
    "the backtester reaches the bus": Breach(
        "backtest",
        {"services/backtest/planted.py": "import common.bus.publisher"},
        "services.backtest is not allowed to import common.bus",
    ),
    "Lua outside the hosts": Breach("lua", {SIGNAL_CORE: "import lupa.lua55"}, "services.signal.core.planted -> lupa"),
    "a cycle": Breach(
        "cycles",
        {"common/planted_a.py": "import common.planted_b", "common/planted_b.py": "import common.planted_a"},
        "No cycles are allowed in common",
    ),
} | {
    f"a core imports {module}": Breach(
        "pure", {SIGNAL_CORE: f"import {module}"}, f"services.signal.core is not allowed to import {module}"
    )
    for module in FORBIDDEN
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the sources and of the tools' configuration."""
    folder = tmp_path_factory.mktemp("tree")
    for path in [ROOT / "pyproject.toml", *python_files(*PACKAGES)]:
        (folder / named(path)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / named(path))
    return folder


@pytest.fixture
def planting(copy: Path) -> Iterator[Path]:
    """Return the copy; what a test adds is removed, what it overwrites is put back."""
    before = {path: path.read_bytes() for path in copy.rglob("*.py")}
    yield copy
    for path in copy.rglob("*.py"):
        if path not in before:
            path.unlink()
    for path, content in before.items():
        path.write_bytes(content)
    shutil.rmtree(copy / "services" / "planted", ignore_errors=True)


def plant(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text) + "\n")


def run(folder: Path, *command: str) -> tuple[int, str]:
    """Run a tool of the virtual environment in the copy; return its exit code and what it printed."""
    tool, *arguments = command
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    result = subprocess.run(
        [Path(sys.executable).with_name(tool), *arguments],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def test_every_contract_is_broken_by_some_breach() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {breach.contract for breach in BREACHES.values()}


def test_make_check_runs_every_guard() -> None:
    makefile = (ROOT / "Makefile").read_text()
    lint, recipe = (makefile.partition(f"\n{target}:")[2].partition("\n\n")[0] for target in ("lint", "check"))
    assert recipe.split()[0] == "lint"
    recipe = lint + recipe
    guards = ("ruff format --check", "ruff check", "mypy", "lint-imports", "tests/architecture")
    assert [guard for guard in guards if guard not in recipe] == []


def test_the_tree_itself_breaks_nothing(copy: Path) -> None:
    code, report = run(copy, "lint-imports", "--no-cache", "--no-logo")
    assert code == 0, report


@pytest.mark.parametrize("breach", BREACHES.values(), ids=BREACHES.keys())
def test_import_contracts_catch(breach: Breach, planting: Path) -> None:
    plant(planting, breach.files)
    code, report = run(planting, "lint-imports", "--no-cache", "--no-logo", "--contract", breach.contract)
    assert code == 1
    assert "BROKEN" in report
    assert breach.report in " ".join(report.split())


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("TID251", "import time\n\nNOW = time.time_ns()"),
        ("TID251", "import random\n\nDRAW = random.random()"),
        ("TID251", "from uuid import uuid4\n\nNAME = uuid4()"),
        ("TID251", "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)"),
        ("DTZ005", "from datetime import datetime\n\nNOW = datetime.now()"),
        ("BLE001", "try:\n    X = 1\nexcept Exception:\n    X = 2"),
        ("T201", "print('tick')"),
        ("ANN001", "def step(value) -> None:\n    del value"),
        ("D103", "def step(value: int) -> None:\n    del value"),
        ("PLR0913", "def f(a: int, b: int, c: int, d: int, e: int, f: int, g: int) -> None: ..."),
        (
            "C901",
            "def f(x: int) -> int:\n"
            + "".join(f"    if x == {n}:\n        x += 1\n" for n in range(11))
            + "    return x",
        ),
    ],
)
def test_ruff_catches(code: str, text: str, planting: Path) -> None:
    plant(planting, {SIGNAL_CORE: text})
    exit_code, report = run(planting, "ruff", "check", "--no-cache", "--output-format", "concise", SIGNAL_CORE)
    assert exit_code == 1
    assert f" {code} " in report


def test_mypy_catches_what_strict_alone_does_not(planting: Path) -> None:
    text = '''\
        """Planted."""

        from asyncio import Future

        from common.messages import Side

        class Base:
            def step(self) -> int:
                return 1

        class Derived(Base):
            def step(self) -> int:
                return 2

        def later(filled: Future[int]) -> Future[int]:
            return filled

        async def run(side: Side, filled: Future[int]) -> int:
            match side:
                case Side.BUY:
                    word = 1
            later(filled)
            return word
    '''
    plant(planting, {SIGNAL_CORE: text})
    code, report = run(planting, "mypy", "--cache-dir", os.devnull, SIGNAL_CORE)
    assert code == 1
    for error in ("explicit-override", "exhaustive-match", "possibly-undefined", "unused-awaitable"):
        assert f"[{error}]" in report
