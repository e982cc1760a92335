"""The library between a service and the kernel (`shim.c`): built with the machine's C compiler, told through a file."""

import mmap
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("shim.c")
LAYOUT = struct.Struct("=qiiiiii")
"""As `struct control` in shim.c: clock offset, disk full, sync failing, next write torn; then three counters."""
_OFFSETS = {"clock_offset_ns": ("=q", 0), "disk_full": ("=i", 8), "sync_failing": ("=i", 12), "torn": ("=i", 16)}
COMPILE_SECONDS = 60.0


class NoCompilerError(Exception):
    """There is no C compiler, or it did not build the library; the text says which."""


def build(folder: Path) -> Path:
    """Compile the library into `folder`; raises NoCompilerError."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        raise NoCompilerError("no C compiler (cc, gcc or clang)")
    library = folder / "shim.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False)
    if done.returncode:
        raise NoCompilerError(f"{compiler} failed: {done.stderr.strip()[:500]}")
    return library


class Shim:
    """The switches of one service. All are off at first, and they outlive the service's processes."""

    def __init__(self, library: Path, control: Path) -> None:
        self._library, self._path = library, control
        control.write_bytes(bytes(LAYOUT.size))
        with control.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), LAYOUT.size)

    def environment(self) -> dict[str, str]:
        """Return the environment that puts a process behind the library."""
        return {**os.environ, "LD_PRELOAD": str(self._library), "ORRERY_CHAOS_CONTROL": str(self._path)}

    def set(self, name: str, value: int) -> None:
        """Set clock_offset_ns, or switch disk_full, sync_failing or torn (the next write) on (1) or off (0)."""
        layout, offset = _OFFSETS[name]
        struct.pack_into(layout, self._map, offset, value)

    def get(self, name: str) -> int:
        """Return what a switch stands at; torn goes back to 0 by itself."""
        layout, offset = _OFFSETS[name]
        value: int = struct.unpack_from(layout, self._map, offset)[0]
        return value

    def counters(self) -> dict[str, int]:
        """Return how often the library did what it was told."""
        values: tuple[Any, ...] = LAYOUT.unpack(self._map[:])
        return dict(zip(("refused_writes", "refused_syncs", "torn_writes"), values[4:], strict=True))

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()
