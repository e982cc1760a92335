"""From raw values to the schema: every key known, every value of the right kind and within its bounds."""

import difflib
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError

from common.config.locate import KeyPath
from common.config.models import Config
from common.config.schema import (
    ROOT,
    Node,
    child,
    choices_of,
    in_words,
    model_of,
    node_at,
    section_names_with,
    unwrapped,
)

UNAVAILABLE = ("alpaca", "coinbase", "csv", "deribit", "derive", "polymarket")
"""Sources that users of other versions may name."""

_LONGEST_FOUND = 80
_MOST_PLACES = 30
"""Places from the point to a number's first digit: beyond that exact arithmetic only costs, and no market has such figures."""


class Problem(NamedTuple):
    """What is wrong with a key: `text` says what was expected and what was found."""

    path: KeyPath
    text: str


def conform(values: dict[str, Any]) -> Config | list[Problem]:
    """Return the configuration that raw values describe, or every problem with them."""
    problems = list(_problems(values, ROOT, ()))
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        known = [problem.path for problem in problems]
        problems += [problem for problem in _of_validation(error) if not _covered(problem.path, known)]
        return problems
    return problems or config


def found(value: Any) -> str:
    """Return a raw value in words, for an error."""
    if isinstance(value, dict):
        return "a table"
    text = json.dumps(value, default=str, ensure_ascii=False) if not isinstance(value, Decimal) else str(value)
    return text if len(text) <= _LONGEST_FOUND else text[:_LONGEST_FOUND] + "…"


def _problems(value: Any, node: Node, path: KeyPath) -> Iterator[Problem]:
    node = unwrapped(node)
    model = model_of(node)
    origin = get_origin(node.annotation)
    if model is not None and isinstance(value, dict):
        yield from _section_problems(value, node, model, path)
    elif (origin is dict and isinstance(value, dict)) or (origin is list and isinstance(value, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            below = child(node, key)
            assert below is not None, "a list or dict in the schema has elements"
            yield from _problems(item, below, (*path, key))
    elif not any(_fits(value, choice) for choice in choices_of(node.annotation)):
        yield Problem(path, f"expected {in_words(node)}, found {found(value)}{_hint(path, value)}")


def _section_problems(values: dict[str, Any], node: Node, model: type[BaseModel], path: KeyPath) -> Iterator[Problem]:
    for key, item in values.items():
        below = child(node, key)
        if below is None:
            yield Problem((*path, key), _unknown(key, list(model.model_fields), path))
        else:
            yield from _problems(item, below, (*path, key))


def _fits(value: Any, annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return any(value == choice and type(value) is type(choice) for choice in get_args(annotation))
    if isinstance(value, bool) or annotation is bool:
        return isinstance(value, bool) and annotation is bool
    if annotation in (float, Decimal):
        return isinstance(value, int | Decimal) and _is_reckonable(Decimal(value))
    return annotation in (str, int) and isinstance(value, annotation)


def _is_reckonable(value: Decimal) -> bool:
    return value.is_finite() and (not value or abs(value.adjusted()) <= _MOST_PLACES)


def _unknown(key: str, known: list[str], path: KeyPath) -> str:
    text = f"expected a key that exists, found unknown key {key!r}"
    if key in UNAVAILABLE and path == ("data_source",):
        return f"{text} ({key} is not available in this version)"
    elsewhere = section_names_with(key)
    if elsewhere:
        return f"{text} (it belongs to {' or '.join(f'[{name}]' for name in elsewhere)})"
    close = difflib.get_close_matches(key, known, n=1)
    return f"{text} (did you mean {close[0]}?)" if close else f"{text} (known: {', '.join(known)})"


def _hint(path: KeyPath, value: Any) -> str:
    if path == ("data_source", "type") and value in UNAVAILABLE:
        return f" ({value} is not available in this version)"
    if isinstance(value, int | Decimal) and Decimal(value).is_finite() and not _is_reckonable(Decimal(value)):
        return f" (the first digit at most {_MOST_PLACES} places from the point)"
    if path == ("execution", "paper_trading"):
        return " (only paper trading is available in this version)"
    return ""


def _of_validation(error: ValidationError) -> Iterator[Problem]:
    for entry in error.errors(include_url=False):
        path: KeyPath = entry["loc"]
        what = "nothing" if entry["type"] == "missing" else found(entry["input"])
        if entry["type"] in ("value_error", "assertion_error"):
            yield Problem(path, entry["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, "))
            continue
        node = node_at(path)
        expected = in_words(node) if node is not None else entry["msg"]
        yield Problem(path, f"expected {expected}, found {what}")


def _covered(path: KeyPath, known: list[KeyPath]) -> bool:
    return any(path[: len(other)] == other for other in known)
