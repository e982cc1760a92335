"""Find kept backtests again."""

from pathlib import Path

import msgspec

from orrery.errors import CommandLineError
from orrery.runs.kept import BACKTESTS, FORMAT, RESULT, KeptRun

LATEST = "latest"
MOST_NAMED = 5


class Listing(msgspec.Struct, frozen=True):
    """Kept runs, the newest first, and what could not be read."""

    runs: list[KeptRun]
    unreadable: list[str]


def list_runs(data_dir: Path, most: int | None = None) -> Listing:
    """Return the kept runs, at most the `most` newest; one that cannot be read is named and skipped."""
    runs: list[KeptRun] = []
    unreadable: list[str] = []
    for folder in _folders(data_dir)[:most]:
        try:
            runs.append(_read(folder))
        except CommandLineError as error:
            unreadable.append(str(error))
    return Listing(sorted(runs, key=lambda run: (run.kept_ns, run.id), reverse=True), unreadable)


def show_run(data_dir: Path, reference: str) -> KeptRun:
    """Return one kept run; CommandLineError if there is none, or several.

    reference: "latest", a folder, the beginning of an id, or of a digest (at least four digits).
    """
    if (Path(reference) / RESULT).is_file():
        return _read(Path(reference))
    folders = _folders(data_dir)
    if reference == LATEST and folders:
        return _read(folders[0])
    found = [folder for folder in folders if folder.name == reference] or [
        folder for folder in folders if folder.name.startswith(reference) or _has_digest(folder, reference)
    ]
    if len(found) == 1:
        return _read(found[0])
    if not found:
        raise CommandLineError(f"{data_dir / BACKTESTS}: expected a kept run {reference!r}, found none")
    names = ", ".join(folder.name for folder in found[:MOST_NAMED])
    raise CommandLineError(f"{reference!r}: expected one kept run, found {len(found)}: {names}")


def _folders(data_dir: Path) -> list[Path]:
    """Return the folders of kept runs, the newest first: their names begin with the time."""
    parent = data_dir / BACKTESTS
    found = parent.iterdir() if parent.is_dir() else ()
    return sorted((path for path in found if path.is_dir() and path.name[0] != "."), reverse=True)


def _has_digest(folder: Path, reference: str) -> bool:
    return len(reference) >= 4 and any(part.startswith(reference[:8]) for part in folder.name.split("-")[2:3])


def _read(folder: Path) -> KeptRun:
    path = folder / RESULT
    try:
        run = msgspec.json.decode(path.read_bytes(), type=KeptRun)
    except OSError as error:
        raise CommandLineError(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise CommandLineError(f"{path}: expected a kept run of format {FORMAT}, found: {error}") from error
    if run.format != FORMAT:
        raise CommandLineError(f"{path}: expected format {FORMAT}, found {run.format}")
    return msgspec.structs.replace(run, id=folder.name)
