"""What a data file's reader says when it cannot go on."""

from pathlib import Path

from orrery.errors import CommandLineError


class DataFileError(CommandLineError):
    """A data file cannot be used; the text is `file:place: column: expected …, found …`, what does not apply left out."""

    def __init__(self, path: Path, place: str, problem: str) -> None:
        super().__init__(f"{path}:{place}: {problem}" if place else f"{path}: {problem}")
