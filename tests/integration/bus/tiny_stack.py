"""Four tiny services as processes of their own: started, asked, killed, and their journals read."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import zmq

from common.bus.commands import CommandClient, CommandError
from common.clock import WallClock
from common.codec import decode
from common.inputs import Input
from common.journal import read_folder
from common.messages import AnyMessage
from common.routes import SERVICES
from orrery.ports import free_ports
from tests.conftest import ROOT
from tests.integration.bus.waiting import PATIENCE_S, until

SECTIONS = dict(zip(SERVICES, ("market_data", "signal", "risk", "execution"), strict=True))


class TinyStack:
    """Services over ipc in a folder of their own."""

    def __init__(self, *overrides: str, total: int = 0) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tiny-"))
        self.data = self.folder / "data"
        self.environment = {**os.environ, "TINY_TOTAL": str(total)}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._overrides = [f"engine.data_dir={self.data}", "engine.heartbeat_interval_ms=50", *overrides]
        for (name, section), port in zip(SECTIONS.items(), free_ports(len(SERVICES)), strict=True):
            self._overrides += [
                f"{section}.zmq_publish_address=ipc://{self.folder}/{name}.pub",
                f"{section}.zmq_command_address=ipc://{self.folder}/{name}.cmd",
                f"{section}.metrics_port={port}",
            ]
        self.config = self.folder / "config.toml"
        self.config.write_text("")

    def command_line(self, name: str) -> list[str]:
        """Return what starts a service."""
        line = [sys.executable, "-m", "tests.integration.bus.tiny_service", name, "--config", str(self.config)]
        return line + [part for override in self._overrides for part in ("--set", override)]

    def start(self, *names: str) -> None:
        """Start these services, all if none is named."""
        for name in names or SERVICES:
            with self.log(name).open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    self.command_line(name), cwd=ROOT, env=self.environment, stdout=log, stderr=log
                )

    def kill(self, name: str) -> None:
        """End a service as a crash would."""
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self, *names: str) -> list[int]:
        """End services gracefully; return their exit codes."""
        chosen = names or tuple(self.processes)
        for name in chosen:
            self.processes[name].terminate()
        return [self.processes[name].wait(PATIENCE_S) for name in chosen]

    def ask(self, name: str, command: str = "status", *, request_id: str = "", timeout_ms: int = 500) -> Any:
        """Return a service's answer, None while it gives none."""
        client = CommandClient(self._context, f"ipc://{self.folder}/{name}.cmd", WallClock())
        try:
            return client.request(command, timeout_ms=timeout_ms, request_id=request_id)
        except CommandError as error:
            return None if "no answer" in str(error) else str(error)
        finally:
            client.close()

    def status(self, name: str) -> dict[str, Any]:
        """Return a service's status; wait while it gives none."""
        found: list[dict[str, Any]] = []

        def answers() -> bool:
            status = self.ask(name)
            if status is not None:
                found.append(status)
            return bool(found)

        self.until(answers, f"status of {name}")
        return found[0]

    def wait_for(self, name: str, key: str, value: object) -> None:
        """Wait until a service's status says so."""
        self.until(lambda: self.status(name)[key] == value, f"{name}: {key} {value}")

    def until(self, condition: Any, what: str) -> None:
        """Wait until something holds; AssertionError with the logs otherwise."""
        try:
            until(condition, what)
        except AssertionError as error:
            logs = "\n".join(f"--- {name}\n{self.said(name)[-2_000:]}" for name in self.processes)
            raise AssertionError(f"{error}\n{logs}") from error

    def log(self, name: str) -> Path:
        """Return the file of a service's output."""
        return self.folder / f"{name}.log"

    def said(self, name: str) -> str:
        """Return a service's output."""
        return self.log(name).read_text()

    def outbox(self, name: str) -> list[AnyMessage]:
        """Return what a service has published of order flow."""
        return [decode(payload) for _, payload in read_folder(self.data / name / "outbox")]

    def inputs(self, name: str, topic: str) -> list[int]:
        """Return the numbers of a topic in the inbox of a service, as far as it is written."""
        recorded = (
            msgspec.msgpack.decode(payload, type=Input) for _, payload in read_folder(self.data / name / "inbox")
        )
        return [taken.number for taken in recorded if taken.topic == topic]

    def size(self, name: str, box: str = "outbox") -> int:
        """Return the bytes of a journal's first file."""
        path = self.data / name / box / "00000000000000000001.log"
        return path.stat().st_size if path.exists() else 0

    def close(self) -> None:
        """Kill what still runs, and remove the folder."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        self._context.destroy(linger=0)
        shutil.rmtree(self.folder, ignore_errors=True)
