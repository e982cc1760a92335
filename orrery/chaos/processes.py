"""The services of a chaos run: real processes behind the proxy and the shim, killed, stopped and started at will."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import zmq

from common.bus.commands import CommandClient, CommandError
from common.clock import WallClock
from common.config.checks import SECTIONS
from orrery.chaos.shim import Shim
from orrery.ports import free_ports

PROJECT = Path(__file__).resolve().parents[2]
ANSWER_MS = 1_000
GRACE_S = 20.0
LAST_WORDS = 400
"""Characters of a log that are quoted when a process ends by itself."""


class Addresses:
    """Where everything of a run is found, below its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, service: str) -> str:
        """Return where a service publishes."""
        return f"ipc://{self._folder}/{service}.pub"

    def offered(self, service: str) -> str:
        """Return where the others hear it: behind the proxy."""
        return f"ipc://{self._folder}/{service}.net"

    def command(self, service: str) -> str:
        """Return where it takes commands."""
        return f"ipc://{self._folder}/{service}.cmd"


class Processes:
    """One process a service. `died` counts those that ended without our doing, `words` has what they said last."""

    def __init__(
        self, folder: Path, services: Sequence[str], config: Path, overrides: Iterable[str], shims: Mapping[str, Shim]
    ) -> None:
        self.addresses = Addresses(folder)
        self.services = tuple(services)
        self.died = 0
        self.words: list[str] = []
        self._folder, self._config, self._shims = folder, config, shims
        self._overrides = [*overrides, f"engine.data_dir={folder / 'data'}"]
        ports = zip(services, free_ports(len(services)), strict=True)
        self._overrides += [f"{SECTIONS[name]}.metrics_port={port}" for name, port in ports]
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()

    def start(self, name: str) -> None:
        """Start a service; its words go to <folder>/<name>.log."""
        arguments = [sys.executable, "-m", f"services.{name}", "--config", str(self._config)]
        for override in [*self._overrides, *self._found_at(name)]:
            arguments += ["--set", override]
        shim = self._shims.get(name)
        environment = None if shim is None else shim.environment()
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(arguments, cwd=PROJECT, stdout=log, stderr=log, env=environment)

    def _found_at(self, name: str) -> list[str]:
        found = []
        for other in self.services:
            publish = self.addresses.publish(other) if other == name else self.addresses.offered(other)
            found += [
                f"{SECTIONS[other]}.zmq_publish_address={publish}",
                f"{SECTIONS[other]}.zmq_command_address={self.addresses.command(other)}",
            ]
        return found

    def kill(self, name: str) -> None:
        """End a process at once, as a crash would."""
        process = self._running[name]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> None:
        """Freeze a process."""
        self._running[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        """Let a frozen process go on."""
        if self._running[name].poll() is None:
            self._running[name].send_signal(signal.SIGCONT)

    def has_ended(self, name: str) -> bool:
        """Return whether a process is gone."""
        return self._running[name].poll() is not None

    def revive(self, names: Iterable[str]) -> None:
        """Start again, as the supervisor of `orrery up` would, what ended by itself; count it and keep its last words."""
        for name in names:
            process = self._running[name]
            if process.poll() is not None:
                self.died += 1
                self.words.append(f"{name} ended with {process.returncode}: {self.last_words(name)}")
                self.start(name)

    def last_words(self, name: str) -> str:
        """Return the end of a service's log."""
        try:
            return (self._folder / f"{name}.log").read_text(errors="replace")[-LAST_WORDS:].strip()
        except OSError:
            return ""

    def end(self, name: str) -> int:
        """Ask a process to end; return its exit code, that of SIGKILL if it did not in GRACE_S."""
        process = self._running[name]
        process.terminate()
        try:
            return process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def pid(self, name: str) -> int:
        """Return the number of a service's process."""
        return self._running[name].pid

    def status(self, name: str) -> dict[str, Any] | None:
        """Return what a service says about itself, None while it does not answer."""
        return self.request(name, "status")

    def request(self, name: str, command: str, arguments: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Return the answer of a service to a command, None while there is none or it refuses."""
        client = CommandClient(self._context, self.addresses.command(name), WallClock())
        try:
            answer: dict[str, Any] = client.request(command, arguments, timeout_ms=ANSWER_MS)
        except CommandError:
            return None
        else:
            return answer
        finally:
            client.close()

    def is_ready(self, name: str) -> bool:
        """Return whether a service says that it is ready."""
        answer = self.status(name)
        return answer is not None and answer["state"] == "ready"

    def close(self) -> None:
        """Kill whatever still runs."""
        for process in self._running.values():
            if process.poll() is None:
                os.kill(process.pid, signal.SIGCONT)
                process.kill()
                process.wait()
        self._context.destroy(linger=0)
