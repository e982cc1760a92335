"""What every test may ask for: the project's folders, free ports, a container engine; and one hypothesis profile."""

import functools
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from orrery import ports

ROOT = Path(__file__).resolve().parents[1]

# The same examples in every run: a test that fails here fails everywhere.
settings.register_profile("orrery", derandomize=True, deadline=None, database=None, max_examples=60)
settings.load_profile("orrery")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """Return the folder that holds `pyproject.toml`."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of large recordings beside the project; without it the test is skipped."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no recordings at ../shared/data")
    return folder


@pytest.fixture
def free_ports() -> Callable[[int], list[int]]:
    """Return a function that finds n free TCP ports on loopback."""
    return ports.free_ports


@pytest.fixture(autouse=True)
def _own_indicators() -> Iterator[None]:
    """Take out the indicators and models that a test brought in: the registry is the process's, and so the next test's."""
    from services.signal.core.indicators import REGISTRY, unregister

    before = set(REGISTRY)
    yield
    for name in set(REGISTRY) - before:
        unregister(name)


@pytest.fixture
def trend_model() -> Iterator[None]:
    """Give strategies that ask a model one that goes with the latest return, in place of the configuration's."""
    from services.signal.core.indicators import register, unregister
    from services.signal.core.model import MODEL, Model, model_kind

    def shares(vector: Sequence[float]) -> tuple[float, float, float]:
        up, down = min(1.0, max(0.0, 500.0 * vector[0])), min(1.0, max(0.0, -500.0 * vector[0]))
        return (down, max(0.0, 1.0 - up - down), up)

    register(MODEL, model_kind(Model("trend", ("return_1",), (-1.0, 0.0, 1.0), shares)))
    yield
    unregister(MODEL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a container engine where there is none."""
    if item.get_closest_marker("docker") is not None:
        reason = missing_engine()
        if reason:
            pytest.skip(reason)


@functools.cache
def missing_engine() -> str:
    """Return why containers cannot be run here, or an empty string."""
    docker = shutil.which("docker")
    if docker is None:
        return "no docker command"
    try:
        info = subprocess.run([docker, "info"], capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "the container engine does not answer `docker info` in time"
    return "" if info.returncode == 0 else "no container engine answers `docker info`"
