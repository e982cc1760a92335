"""How every service starts and ends: arguments, configuration, logs, metrics, the loop, and errors people can read."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from prometheus_client import REGISTRY

from common.bus.security import KeysError
from common.bus_service import BusService, ServiceError
from common.clock import EventClock
from common.config.checks import SECTIONS
from common.config.endpoints import endpoints
from common.config.load import ConfigError, LoadedConfig, load_config
from common.config.overrides import with_metrics_port
from common.journal import JournalError
from common.logs import get_logger, setup_logging
from common.metrics import MetricsError, serve_metrics
from common.recovery import DivergenceError
from common.routes import SERVICES
from common.runner import EventLoop
from common.scheduling import ask_for_short_slices
from common.shell_metrics import BusCollector

EXIT_USAGE = 2
"""The configuration or the surroundings are wrong: starting again will not help."""
EXIT_BUG = 1

STARTUP_ERRORS = (ServiceError, JournalError, KeysError, DivergenceError, ConfigError, MetricsError)


class RunningService(Protocol):
    """What a service's `build` returns."""

    @property
    def bus(self) -> BusService:
        """The sockets, health and status of the service."""
        ...

    def close(self) -> None:
        """Finish or journal open work and let go of everything."""
        ...


type Build = Callable[[EventLoop, LoadedConfig], RunningService]


def parse_arguments(name: str, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return config (Path or None), overrides (list of section.key=value) and lockstep (whether inputs wait for a word)."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}", description=f"Run the {name} service alone.")
    parser.add_argument("--config", type=Path, help="TOML or JSON file (default: config/system.toml)")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--lockstep", action="store_true", help="take each input when `orrery parity` says so")
    return parser.parse_args(arguments)


def run_service(name: str, build: Build, arguments: Sequence[str] | None = None) -> int:
    """Run one service until it is told to stop; return the exit code (0 stopped, 1 bug, 2 cannot start)."""
    options = parse_arguments(name, arguments)
    try:
        loaded = load_config(options.config, options.overrides, os.environ)
        config = with_metrics_port(loaded.config, SECTIONS[name], os.environ)
        loaded = loaded._replace(config=config)
        setup_logging(loaded.config.engine, name)
        for warning in loaded.warnings:
            get_logger("config").warning(warning)
        return _run(name, build, loaded, EventLoop(EventClock()) if options.lockstep else EventLoop())
    except STARTUP_ERRORS as error:
        text = str(error)
        sys.stderr.write(text + "\n" if text.startswith(f"{name}:") else f"{name}: {text}\n")
        return EXIT_USAGE


def _run(name: str, build: Build, loaded: LoadedConfig, loop: EventLoop) -> int:
    log = get_logger("main")
    loop.handle_signals()
    if name in SERVICES:  # before there are other threads: they have what this one has
        ask_for_short_slices()
    end = endpoints(loaded.config, name)
    metrics = serve_metrics(end.metrics_host, end.metrics_port, service=name)
    service = build(loop, loaded)
    REGISTRY.register(BusCollector(service.bus))
    gc.collect()
    gc.freeze()  # what is there now stays; looking through it again would hold up an order for milliseconds
    log.info("running", pid=os.getpid(), publish=end.bind_publish, metrics=end.metrics_port)
    try:
        loop.run()
    except Exception as error:
        # A bug, or order flow that must not be skipped: say so everywhere and end; the supervisor starts us anew.
        log.exception("halted")
        service.bus.halt(f"{type(error).__name__}: {error}")
        service.bus.close()
        return EXIT_BUG
    service.close()
    metrics.close()
    loop.close()
    log.info("stopped")
    return 0
