"""Processes that services start themselves: the workers in which runners live, and the OCaml program."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

WORKER = "services.signal.workers"
OCAML = "main.exe"
"""By what a command line tells them."""
PROC = Path("/proc")


def children_named(pid: int, name: str) -> list[int]:
    """Return the numbers of all that a process started, or those did, and whose command line has `name` in it; in order."""
    of: dict[int, list[int]] = {}
    for child, parent in _parents():
        of.setdefault(parent, []).append(child)
    found, left = list[int](), [pid]
    while left:
        children = of.get(left.pop(), [])
        left += children
        found += [child for child in children if name in _words(child)]
    return sorted(found)


def _parents() -> Iterator[tuple[int, int]]:
    """Yield each process with who started it."""
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # it has ended meanwhile
                yield int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])


def _words(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
