"""Values from outside the file: environment variables `ORRERY__SECTION__KEY` and `--set section.key=value`."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, get_origin

from common.config.locate import KeyPath
from common.config.models import Config
from common.config.schema import ROOT, Node, child, choices_of, model_of, node_at, unwrapped
from common.config.tree import ConfigError, Tree, dotted

ENVIRONMENT_PREFIX = "ORRERY__"
METRICS_PORT_VARIABLE = "PROMETHEUS_PORT"
HIGHEST_PORT = 65_535


def apply_environment(tree: Tree, environ: Mapping[str, str]) -> Iterator[str]:
    """Put every `ORRERY__SECTION__KEY` into the tree; yield the problems. Names of keys may be upper case."""
    for name in sorted(environ):
        if name.startswith(ENVIRONMENT_PREFIX):
            path = _path_of(name.removeprefix(ENVIRONMENT_PREFIX).split("__"))
            yield from _put(tree, path, environ[name], f"environment {name}")


def apply_settings(tree: Tree, settings: Sequence[str]) -> Iterator[str]:
    """Put every `section.key=value` into the tree, in order; yield the problems."""
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            yield f"--set {setting}: expected section.key=value, found no {'=' if not equals else 'key'}"
            continue
        key = key.strip()
        path = _path_of(key.replace("[", ".").replace("]", "").split("."))
        yield from _put(tree, path, text, f"--set {key}")


def with_metrics_port(config: Config, section: str, environ: Mapping[str, str]) -> Config:
    """Return the config with `PROMETHEUS_PORT` as the metrics port of one section; for a service run alone.

    Raises:
        ConfigError: the variable is set to something that is no port.
    """
    text = environ.get(METRICS_PORT_VARIABLE, "").strip()
    if not text:
        return config
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        where = f"environment {METRICS_PORT_VARIABLE}"
        raise ConfigError([f"{where}: expected a port from 1 to {HIGHEST_PORT}, found {text!r}"])
    changed = getattr(config, section).model_copy(update={"metrics_port": int(text)})
    return config.model_copy(update={section: changed})


def _put(tree: Tree, path: KeyPath, text: str, origin: str) -> Iterator[str]:
    node = node_at(path)
    value = text if node is None else value_of(text, node)
    try:
        tree.put(path, value, origin)
    except KeyError as error:
        yield f"{origin}: {dotted(path)}: expected a key inside a table, found no way through {error}"


def _path_of(words: list[str]) -> KeyPath:
    """Return the key path of words, with the case the schema has where it has one."""
    node: Node | None = ROOT
    path: list[str | int] = []
    for word in words:
        key: str | int = word
        if node is not None:
            key = _key_in(node, word)
            node = child(node, key)
        path.append(key)
    return tuple(path)


def _key_in(node: Node, word: str) -> str | int:
    if model_of(node) is not None:
        return word.lower()
    return int(word) if get_origin(unwrapped(node).annotation) is list and word.isdecimal() else word


def value_of(text: str, node: Node) -> Any:
    """Return a text as the value its place wants: TOML where it parses, a list also separated by commas."""
    parsed = _as_toml(text)
    if get_origin(unwrapped(node).annotation) is list and not isinstance(parsed, list):
        item = child(node, 0)
        assert item is not None, "a list has elements"
        return [value_of(part.strip(), item) for part in text.split(",") if part.strip()]
    if isinstance(parsed, str) or not _wants_text(node):
        return parsed
    return text


def _wants_text(node: Node) -> bool:
    return choices_of(unwrapped(node).annotation) == (str,)


def _as_toml(text: str) -> Any:
    stripped = text.strip()
    word = stripped.lower()
    if word in ("true", "false"):
        return word == "true"
    try:
        document = tomllib.loads("value = " + stripped, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return document["value"] if len(document) == 1 else text
