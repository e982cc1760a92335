"""The stack of a lock-step run: the real services, each a process of its own, in a folder that is theirs alone."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from common.config.checks import SECTIONS
from common.config.load import LoadedConfig
from common.routes import SERVICES
from orrery.alone import service_arguments
from orrery.ports import free_ports
from orrery.stack.process import LAUNCHER, describe_exit

STOP_TIMEOUT_S = 60.0
LINES_SHOWN = 20


class ProcessesError(Exception):
    """A service could not start, or ended; the text has the last lines it wrote."""


def private_settings(folder: Path) -> list[str]:
    """Return overrides that keep a stack apart from any other: addresses, ports, journals and logs in `folder`."""
    settings = [
        f"engine.data_dir={folder / 'data'}",
        "engine.log_file=",
        "engine.log_level=warning",
        "engine.heartbeat_interval_ms=100",
        "engine.journal_keep_segments=1000000",
        "data_source.type=file",
    ]
    for (service, section), port in zip(SECTIONS.items(), free_ports(len(SECTIONS)), strict=True):
        settings += [
            f"{section}.zmq_publish_address=ipc://{folder}/{service}.pub",
            f"{section}.zmq_command_address=ipc://{folder}/{service}.cmd",
            f"{section}.metrics_port={port}",
        ]
    return settings


class Processes:
    """The processes of the services, in lock-step; their output goes to <folder>/<service>.log."""

    def __init__(self, loaded: LoadedConfig, overrides: Sequence[str], folder: Path) -> None:
        self._folder = folder
        self._arguments = ["--lockstep", *service_arguments(loaded.path, overrides)]
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start all of them; they end when this process does."""
        for service in SERVICES:
            command = [sys.executable, "-m", f"services.{service}", *self._arguments]
            launched = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command]
            with self._log(service).open("wb") as log:
                self._running[service] = subprocess.Popen(
                    launched, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )

    def check(self) -> None:
        """Raise ProcessesError if one of them has ended."""
        for service, process in self._running.items():
            exit_code = process.poll()
            if exit_code is not None:
                raise self._ended(service, exit_code)

    def stop(self) -> None:
        """End all of them gracefully; ProcessesError if one does not, or not well."""
        for process in self._running.values():
            process.terminate()
        for service in self._running:
            self.wait(service)

    def wait(self, service: str) -> None:
        """Wait until a service has ended; ProcessesError if it does not, or not well."""
        try:
            exit_code = self._running[service].wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            raise ProcessesError(f"{service}: expected that it ends within {STOP_TIMEOUT_S:.0f} s") from error
        if exit_code:
            raise self._ended(service, exit_code)

    def _ended(self, service: str, exit_code: int) -> ProcessesError:
        tail = self._log(service).read_text(errors="replace").splitlines()[-LINES_SHOWN:]
        return ProcessesError("\n".join([f"{service}: {describe_exit(exit_code)}", *tail]))

    def kill(self) -> None:
        """End what still runs, at once."""
        for process in self._running.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    def _log(self, service: str) -> Path:
        return self._folder / f"{service}.log"
