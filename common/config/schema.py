"""What the schema says of a key: its annotation, what it accepts in words, and which keys a section has."""

import types
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from common.config.locate import KeyPath
from common.config.models import Config

_WORDS: dict[Any, str] = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    Decimal: "a number",
}
_BOUNDS = ((Ge, "ge", "at least"), (Gt, "gt", "above"), (Le, "le", "at most"), (Lt, "lt", "below"))


class Node(NamedTuple):
    """A place in the schema: what may stand there and within which bounds."""

    annotation: Any
    metadata: Sequence[Any] = ()


ROOT = Node(Config)


def node_at(path: KeyPath) -> Node | None:
    """Return the place of a key path, or None if the schema has no such key."""
    node: Node | None = ROOT
    for key in path:
        node = None if node is None else child(node, key)
    return node


def child(node: Node, key: str | int) -> Node | None:
    """Return the place one step below, or None if there is none."""
    model = model_of(node)
    if model is not None:
        field = model.model_fields.get(str(key))
        return None if field is None else Node(field.annotation, field.metadata)
    origin, arguments = get_origin(node.annotation), get_args(node.annotation)
    if origin is list and isinstance(key, int):
        return unwrapped(Node(arguments[0]))
    if origin is dict:
        return unwrapped(Node(arguments[1]))
    return None


def unwrapped(node: Node) -> Node:
    """Return the place without `Annotated` and without `| None`."""
    if get_origin(node.annotation) is Annotated:
        inner, *metadata = get_args(node.annotation)
        found = [entry for item in metadata for entry in (item.metadata if isinstance(item, FieldInfo) else [item])]
        return Node(inner, [*node.metadata, *found])
    choices = [choice for choice in choices_of(node.annotation) if choice is not type(None)]
    return Node(choices[0], node.metadata) if len(choices) == 1 else node


def choices_of(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union; of anything else, itself."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def model_of(node: Node) -> type[BaseModel] | None:
    """Return the section class at a place, or None where a value stands."""
    annotation = unwrapped(node).annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def section_names_with(key: str) -> list[str]:
    """Return the names of the top sections that have a key of that name."""
    fields = Config.model_fields
    models = {name: model_of(Node(field.annotation)) for name, field in fields.items()}
    return [name for name, model in models.items() if model is not None and key in model.model_fields]


def in_words(node: Node) -> str:
    """Return what a place accepts, as in `an integer of at least 1 and at most 100`."""
    node = unwrapped(node)
    origin, arguments = get_origin(node.annotation), get_args(node.annotation)
    if model_of(node) is not None:
        return "a table"
    if origin is Literal:
        return _literal_in_words(arguments)
    if origin is list:
        return f"an array, each {in_words(Node(arguments[0]))}" + _bounds_in_words(node.metadata)
    if origin is dict:
        return f"a table, each value {in_words(Node(arguments[1]))}"
    words = dict.fromkeys(_WORDS.get(choice, str(choice)) for choice in choices_of(node.annotation))
    return " or ".join(words) + _bounds_in_words(node.metadata)


def _literal_in_words(values: tuple[Any, ...]) -> str:
    if all(isinstance(value, bool) for value in values):
        return " or ".join(str(value).lower() for value in values)
    return "one of " + ", ".join(map(str, values))


def _bounds_in_words(metadata: Sequence[Any]) -> str:
    words: list[str] = []
    for bound in metadata:
        if isinstance(bound, MinLen):
            words.append("not empty")
        words += [f"{word} {_grouped(getattr(bound, name))}" for kind, name, word in _BOUNDS if isinstance(bound, kind)]
        pattern = getattr(bound, "pattern", None)
        if pattern is not None:
            words.append(f"matching {pattern}")
    return (", " if words else "") + " and ".join(words)


def _grouped(number: float | Decimal) -> str:
    return f"{number:,}".replace(",", " ")
