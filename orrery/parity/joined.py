"""Recordings that continue one another, as one file: the second has no book of its own, it goes on from the first's."""

import gzip
from collections.abc import Sequence
from pathlib import Path

from orrery.errors import CommandLineError
from services.market_data.adapters.recordings import RecordingError, numbered_lines, rest_beside, shape_of_file


def joined_settings(files: Sequence[Path], folder: Path) -> list[str]:
    """Return the overrides that play recordings one after another, as one; CommandLineError if they cannot be.

    Several are written as one file into `folder`; the REST replies are those of the first.
    """
    if len(files) == 1:
        return [f"data_source.file.path={files[0].absolute()}"]
    try:
        shapes = {shape_of_file(file) for file in files}
        if len(shapes) > 1:
            found = ", ".join(sorted(shape.value for shape in shapes))
            raise CommandLineError(f"--recording: expected recordings of one kind, found {found}")
        whole = folder / "joined.jsonl.gz"
        with gzip.open(whole, "wb", compresslevel=1) as out:
            for file in files:
                out.writelines(line.rstrip(b"\n") + b"\n" for _, line in numbered_lines(file))
    except RecordingError as error:
        raise CommandLineError(str(error)) from error
    beside = rest_beside(files[0])
    settings = [f"data_source.file.path={whole}"]
    return settings if beside is None else [*settings, f"data_source.file.rest_path={beside.absolute()}"]
