"""What a start of a service loads: every restart, every `orrery up` and every test of the stack pays for it."""

import subprocess
import sys

import pytest

from common.routes import ALL_SERVICES

NEVER = {
    "apprise",
    "click",
    "httpx",
    "numpy",
    "onnxruntime",
    "pandas",
    "pandas_ta",
    "pygments",
    "rich",
    "typer",
    "websockets",
}
"""Wanted only by a venue, a model, an indicator of pandas-ta, an alert on its way out, or the command line."""


@pytest.mark.parametrize("service", ALL_SERVICES)
def test_a_service_loads_nothing_that_few_configurations_need(service: str) -> None:
    program = f"import sys, services.{service}.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert NEVER.isdisjoint(name.partition(".")[0] for name in loaded)
