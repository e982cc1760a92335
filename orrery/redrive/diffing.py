"""Two states as plain data, and the figures in which they differ."""

from collections.abc import Iterator
from typing import Any

import msgspec

NAMES = ("id", "runner")
"""Keys by which an entry of a list is known; an entry without one is known by its place."""


class Changed(msgspec.Struct, frozen=True):
    """One figure, named by its path. None where one side has none."""

    path: str
    before: Any
    after: Any


def changes(before: Any, after: Any) -> list[Changed]:
    """Return what differs, in the order of the paths."""
    one, other = dict(flat(before)), dict(flat(after))
    paths = sorted(one.keys() | other.keys())
    return [Changed(path, one.get(path), other.get(path)) for path in paths if one.get(path) != other.get(path)]


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, figure) of everything in plain data."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from flat(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            name = next((each[key] for key in NAMES if key in each), place) if isinstance(each, dict) else place
            yield from flat(each, f"{path}[{name}]")
    else:
        yield path, value
