"""Raw values of a configuration and where each was written: a line of a file, the environment, a --set."""

import itertools
import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from common.config.locate import KeyPath, locate_json, locate_toml

MAX_FILE_BYTES = 1_000_000
"""Largest configuration file that is read."""

_TOML_PLACE = re.compile(r"(?P<what>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL)


class ConfigError(ValueError):
    """The configuration cannot be used; one line per problem: where it was written, key, expected, found."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Tree:
    """Nested tables of raw values, each with its origin."""

    def __init__(self, values: dict[str, Any], origins: dict[KeyPath, str], name: str) -> None:
        self.values = values
        self.origins = origins
        self._name = name

    def origin(self, path: KeyPath) -> str:
        """Return where a key was written; for one that nobody wrote, where the table around it was."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return self._name

    def put(self, path: KeyPath, value: Any, origin: str) -> None:
        """Replace the value of a key, making the tables on the way; KeyError where the way leads through a value."""
        table: Any = self.values
        for key, following in itertools.pairwise(path):
            table = _step(table, key, [] if isinstance(following, int) else {})
        _step(table, path[-1], None)
        table[path[-1]] = value
        self.origins = {known: at for known, at in self.origins.items() if known[: len(path)] != path}
        self.origins[path] = origin


def _step(container: Any, key: str | int, missing: Any) -> Any:
    if isinstance(container, dict) and isinstance(key, str):
        return container.setdefault(key, missing)
    if isinstance(container, list) and isinstance(key, int) and key <= len(container):
        if key == len(container):
            container.append(missing)
        return container[key]
    raise KeyError(key)


def dotted(path: KeyPath) -> str:
    """Return a key path as people write it: `strategies[0].name`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


def empty_tree() -> Tree:
    """Return a tree without values: the built-in defaults."""
    return Tree({}, {}, "defaults")


def read_tree(path: Path) -> Tree:
    """Return the raw values of a TOML or (by its suffix) JSON file; ConfigError if it cannot be read or parsed."""
    text = _read(path)
    try:
        values, lines, repeated = (_parse_json if path.suffix.lower() == ".json" else _parse_toml)(text, path)
    except RecursionError as error:
        raise ConfigError([f"{path}: expected a configuration, found one nested too deeply"]) from error
    if not isinstance(values, dict):
        raise ConfigError([f"{path}:1: expected an object with sections, found {type(values).__name__}"])
    if repeated:
        raise ConfigError([f"{path}:{lines[key]}: {dotted(key)}: expected once, found twice" for key in repeated])
    return Tree(values, {key: f"{path}:{line}" for key, line in lines.items()}, str(path))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError([f"{path}: expected a readable file, found: {error.strerror}"]) from error
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError([f"{path}: expected at most {MAX_FILE_BYTES} bytes, found more"])
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}:{line}: expected UTF-8 text, found byte 0x{raw[error.start]:02x}"]) from error


def _parse_toml(text: str, path: Path) -> tuple[Any, dict[KeyPath, int], list[KeyPath]]:
    try:
        values = tomllib.loads(text, parse_float=Decimal)
    except ValueError as error:
        place = _TOML_PLACE.fullmatch(str(error))
        if place is None:
            raise ConfigError([f"{path}:{text.count('\n') + 1}: expected TOML, found: {error}"]) from error
        where = f"{path}:{place['line']}"
        raise ConfigError([f"{where}: expected TOML, found at column {place['column']}: {place['what']}"]) from error
    return values, locate_toml(text), []


def _parse_json(text: str, path: Path) -> tuple[Any, dict[KeyPath, int], list[KeyPath]]:
    try:
        values = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}"
        raise ConfigError([f"{where}: expected JSON, found at column {error.colno}: {error.msg}"]) from error
    except ValueError as error:
        raise ConfigError([f"{path}: expected JSON, found: {error}"]) from error
    return values, *locate_json(text)


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")
