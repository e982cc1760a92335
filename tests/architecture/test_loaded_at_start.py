"""What a start of a service loads: every restart, every `orrery up` and every test of the stack pays for it."""

import subprocess
import sys

import pytest

from common.routes import ALL_SERVICES

NEVER = {
    "apprise", "click", "httpx", "numpy", "onnxruntime", "pandas", "pandas_ta", "pygments", "rich", "typer", "websockets",
}  # fmt: skip
"""Wanted only by a venue, a model, an indicator of pandas-ta, an alert on its way out, or the command line."""


def loaded_with(module: str) -> set[str]:
    """Return the packages that a process has which loads a module."""
    program = f"import sys, {module}; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    return {name.partition(".")[0] for name in told.split()}


@pytest.mark.parametrize("service", ALL_SERVICES)
def test_a_service_loads_nothing_that_few_configurations_need(service: str) -> None:
    assert NEVER.isdisjoint(loaded_with(f"services.{service}.__main__"))


def test_the_process_of_runners_loads_neither_schema_nor_bus_nor_logs() -> None:
    assert (NEVER | {"asyncio", "prometheus_client", "pydantic", "structlog", "zmq"}).isdisjoint(
        loaded_with("services.signal.workers.__main__")
    )
