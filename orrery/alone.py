"""Run one service in this process, exactly as `python -m services.<name>` does."""

import runpy
import sys
from collections.abc import Sequence
from pathlib import Path


def service_arguments(config: Path | None, overrides: Sequence[str] | None) -> list[str]:
    """Return the arguments that give a service this configuration."""
    arguments = [] if config is None else ["--config", str(config)]
    for override in overrides or ():
        arguments += ["--set", override]
    return arguments


def run_alone(service: str, config: Path | None, overrides: Sequence[str] | None) -> None:
    """Run a service until it is told to stop; ends this process with the service's exit code."""
    sys.argv = [f"orrery {service}", *service_arguments(config, overrides)]
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)
