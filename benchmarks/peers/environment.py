"""An environment for each peer under `.venv-peers`, made on first use: their requirements exclude one another."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".venv-peers"
REQUIREMENTS = Path(__file__).parent / "requirements"
INSTALL_SECONDS = 900


class Environment(NamedTuple):
    """A peer's interpreter, or why there is none."""

    python: Path
    fault: str = ""


def prepared(package: str) -> Environment:
    """Return the environment of a package, made if it is not there or made by other requirements."""
    folder, required = ENVIRONMENTS / package, REQUIREMENTS / f"{package}.txt"
    python, stamp = folder / "bin" / "python", folder / ".installed"
    wanted = hashlib.sha256(required.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return Environment(python)
    sys.stderr.write(f"bench-peers: installing {package}\n")
    commands = (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", str(required)],
    )
    for command in commands:
        fault = _fault(command)
        if fault:
            return Environment(python, f"not installed: {fault}")
    stamp.write_text(wanted)
    return Environment(python)


def _fault(command: list[str]) -> str:
    """Return why a command failed, in a line; empty if it did not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return last_line(done.stderr) or f"exit code {done.returncode}" if done.returncode else ""


def last_line(text: str) -> str:
    """Return the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or [""])[-1]
