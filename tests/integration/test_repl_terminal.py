"""`orrery repl` at a terminal: prompt, history, completion, Ctrl-C between two steps, Ctrl-D."""

import os
import pty
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.harness import PROJECT
from tests.unit.repl.support import CROSSING, written

CTRL_C, CTRL_D = b"\x03", b"\x04"
SLOWLY = b"until (function() for i = 1, 2e5 do end end)()"
"""Through the data at a pace that no Ctrl-C comes too late for: a minute and more."""


class Terminal:
    """A process at a terminal of its own, 120 columns wide."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.pid, self._end = pty.fork()
        if self.pid == 0:
            environment = {
                **os.environ,
                "HOME": str(home),
                "TERM": "dumb",
                "COLUMNS": "120",
                "PYTHONPATH": str(PROJECT),
            }
            os.execve(sys.executable, [sys.executable, "-m", "orrery", *arguments], environment)

    def type(self, keys: bytes, until: bytes, seconds: float = 30.0) -> str:
        """Type; return what is shown up to and with `until`."""
        os.write(self._end, keys)
        shown, give_up = b"", time.monotonic() + seconds
        while until not in shown:
            assert time.monotonic() < give_up, f"no {until!r} in {shown!r}"
            if select.select([self._end], [], [], 0.2)[0]:
                try:
                    shown += os.read(self._end, 65_536)
                except OSError:
                    raise AssertionError(shown) from None
        return shown.decode().replace("\r\n", "\n")

    def leave(self) -> int:
        """Type Ctrl-D; return the exit code."""
        os.write(self._end, CTRL_D)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self) -> None:
        """End what is left."""
        os.close(self._end)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    strategy = tmp_path / "crossing.lua"
    strategy.write_text(CROSSING)
    running = Terminal(tmp_path, "repl", str(strategy), "--data", str(written(tmp_path, 20_000)))
    yield running
    running.close()


def test_a_session_at_a_terminal(terminal: Terminal, tmp_path: Path) -> None:
    assert "`help` lists the commands" in terminal.type(b"", b"(crossing:BTCUSDT 0 idle) ")
    assert "bar 4 of 20,000" in terminal.type(b"step 4\n", b" 4 idle) ")
    assert "bar 8 of 20,000" in terminal.type(b"\n", b" 8 idle) "), "an empty line steps once more"
    assert "until fill" in terminal.type(b"unti\tfill\n", b" in_position) "), "a tab completes"
    assert "enter_long" in terminal.type(b"why\n", b" in_position) ")
    assert "! input:1:" in terminal.type(b"nosuch.x\n", b" in_position) "), "an error ends nothing"
    shown = ""
    for _ in range(20):  # one that comes before the line is read only takes the line away
        terminal.type(SLOWLY + b"\n", SLOWLY + b"\r\n")
        shown = terminal.type(CTRL_C, b") ")
        if "stopped" in shown:
            break
    assert "stopped" in shown
    assert "of 20,000" in shown
    assert terminal.leave() == 0
    assert "until fill" in (tmp_path / ".orrery_history").read_text()
