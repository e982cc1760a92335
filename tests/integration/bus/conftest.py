"""A rig for each test, over ipc and over tcp."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.bus.rig import Rig


@pytest.fixture(params=["ipc", "tcp"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """Return a rig; a test that does not care about the transport asks for `ipc_rig`."""
    yield from _rig(request.param)


@pytest.fixture
def ipc_rig() -> Iterator[Rig]:
    """Return a rig over ipc."""
    yield from _rig("ipc")


def _rig(transport: str) -> Iterator[Rig]:
    # Addresses of sockets are short, pytest's folders are not.
    with tempfile.TemporaryDirectory(prefix="bus-") as folder:
        made = Rig(transport, Path(folder))
        yield made
        made.close()
