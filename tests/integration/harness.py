"""A running stack for tests: real processes, ipc sockets in a folder of its own, asked and stopped with time limits."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import zmq

from common.bus.commands import CommandClient, CommandError
from common.clock import WallClock
from common.config.checks import SECTIONS
from common.routes import SERVICES
from orrery.audit import Audit, audit_folder
from orrery.ports import free_ports

PROJECT = Path(__file__).resolve().parents[2]
STARTUP_S = 120.0
"""Whatever is waited for comes within seconds; only a failing test waits this long, or a very busy machine."""


def free_port() -> int:
    """Return a TCP port of the loopback that was free a moment ago."""
    return free_ports(1)[0]


def wait_until(condition: Callable[[], Any], what: str, seconds: float = STARTUP_S) -> Any:
    """Return the first true answer of `condition`; AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def is_through(audit: Audit) -> bool:
    """Return whether every intent is decided, every order over, and nothing fails to add up."""
    return not (audit.undecided_intents or audit.unreported_orders or audit.working_orders or audit.problems)


class Stack:
    """The services of one configuration, each a process of its own."""

    def __init__(self, config_text: str = "", overrides: Iterable[str] = ()) -> None:
        """Write a configuration with private addresses; `config_text` must not name addresses or ports."""
        self.folder = Path(tempfile.mkdtemp(prefix="orr-"))
        self.data_dir = self.folder / "data"
        self.overrides = [f"engine.data_dir={self.data_dir}", *overrides]
        for (service, section), port in zip(SECTIONS.items(), free_ports(len(SECTIONS)), strict=True):
            self.overrides += [
                f"{section}.zmq_publish_address=ipc://{self.folder}/{service}.pub",
                f"{section}.zmq_command_address=ipc://{self.folder}/{service}.cmd",
                f"{section}.metrics_port={port}",
            ]
        self.config = self.folder / "config.toml"
        self.config.write_text(config_text)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()

    def start(self, *names: str) -> None:
        """Start these services (those that trade by default); their output goes to <folder>/<service>.log."""
        for name in names or SERVICES:
            arguments = [sys.executable, "-m", f"services.{name}", "--config", str(self.config)]
            for override in self.overrides:
                arguments += ["--set", override]
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(arguments, cwd=PROJECT, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        """End a service at once, as a crash would."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def stop(self, *names: str, seconds: float = 60.0) -> dict[str, int]:
        """End services gracefully; return their exit codes."""
        chosen = names or tuple(self.processes)
        for name in chosen:
            self.processes[name].terminate()
        return {name: self.processes[name].wait(seconds) for name in chosen}

    def stop_in_turn(self, first: str) -> dict[str, int]:
        """End `first`, then, once all that it asked for is through and adds up, the others; return the exit codes.

        Ended together, a service may be gone before the report that another still sends; that report is heard at the
        next start, and until then the journals of the two cannot agree.
        """
        codes = self.stop(first)
        wait_until(lambda: is_through(self.audit()), "the order flow through, and every sum right")
        return codes | self.stop(*(name for name in self.processes if name != first))

    def ask(
        self, name: str, command: str = "status", arguments: dict[str, Any] | None = None, timeout_ms: int = 1_000
    ) -> Any:
        """Return a service's answer to a command, None while it cannot answer."""
        client = CommandClient(self._context, f"ipc://{self.folder}/{name}.cmd", WallClock())
        try:
            return client.request(command, arguments, timeout_ms=timeout_ms)
        except CommandError:
            return None
        finally:
            client.close()

    def is_ready(self, name: str) -> bool:
        """Return whether a service says that it is ready."""
        answer = self.ask(name)
        return answer is not None and answer["state"] == "ready"

    def wait_ready(self, *names: str) -> None:
        """Wait until these services (those that trade by default) are ready; AssertionError with their logs otherwise."""
        for name in names or SERVICES:
            try:
                wait_until(partial(self.is_ready, name), f"{name} ready")
            except AssertionError as error:
                raise AssertionError(f"{error}\n{self.logs()}") from error

    def core(self, name: str) -> dict[str, Any]:
        """Return the status of a service's core."""
        answer = wait_until(lambda: self.ask(name), f"status of {name}")
        core: dict[str, Any] = answer["core"]
        return core

    def audit(self) -> Audit:
        """Hold the journals against each other."""
        return audit_folder(self.data_dir)

    def logs(self) -> str:
        """Return the last lines of every log."""
        return "\n".join(f"--- {path.name}\n{path.read_text()[-2_000:]}" for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """Kill what still runs and remove the folder."""
        for process in self.processes.values():
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                process.kill()
                process.wait()
        self._context.destroy(linger=0)
        shutil.rmtree(self.folder, ignore_errors=True)
