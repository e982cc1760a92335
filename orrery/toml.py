"""Configuration values as TOML text that loads again to the same values."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any


def toml_text(values: Mapping[str, Any]) -> str:
    """Return TOML for nested tables of text, numbers, booleans and lists; a None is left out."""
    return "\n".join(_table((), values)).lstrip("\n") + "\n"


def _table(path: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    plain = {key: value for key, value in values.items() if value is not None and not _is_tabular(value)}
    if path and (plain or not values):
        yield f"\n[{'.'.join(path)}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _table((*path, _key(key)), value)
        elif _is_tabular(value):
            for item in value:
                yield f"\n[[{'.'.join((*path, _key(key)))}]]"
                yield from (f"{_key(name)} = {_value(part)}" for name, part in item.items() if part is not None)


def _is_tabular(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _text(key)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case Decimal():
            return str(int(value)) if value == value.to_integral_value() else format(value, "f")
        case Mapping():
            return "{" + ", ".join(f"{_key(key)} = {_value(part)}" for key, part in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case _:
            return str(value)
