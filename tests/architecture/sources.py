"""The project's own files, as the architecture tests read them."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("common", "services", "orrery")


@cache
def tracked_files() -> list[Path]:
    """Return every file that is or could be committed: what git knows and does not ignore; without git, all there is."""
    git = shutil.which("git")
    if git is not None and (ROOT / ".git").exists():
        command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return sorted(ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file())
    hidden = {".venv", ".venv-peers", ".git", "var"}
    return sorted(path for path in ROOT.rglob("*") if path.is_file() and not hidden & set(path.parts))


def python_files(*folders: str) -> list[Path]:
    """Return the Python files under some of the project's folders; all of them without any."""
    python = [path for path in tracked_files() if path.suffix == ".py"]
    return [path for path in python if not folders or path.relative_to(ROOT).parts[0] in folders]


def core_files() -> list[Path]:
    """Return the files of every service's pure core."""
    return [path for path in python_files("services") if "core" in path.relative_to(ROOT).parts]


@cache
def parsed(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def named(path: Path) -> str:
    """Return a file's name as people write it, from the project's root."""
    return path.relative_to(ROOT).as_posix()


def services() -> list[str]:
    """Return the names of the services there are: the folders of services/ that can be started."""
    return sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of a syntax tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
