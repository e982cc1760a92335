"""The reference of every configuration key, from the schema: `python -m common.config.reference > docs/configuration.md`."""

import json
import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from common.config.models import Config
from common.config.schema import Node, in_words, model_of, unwrapped

INTRODUCTION = """\
# Configuration

Made from the schema in `common/config` by `python -m common.config.reference > docs/configuration.md`.

- **Files.** TOML or, by its suffix `.json`, JSON; the same sections and keys. Without `--config` it is
  `config/system.toml` of the working folder, else the project's, else the defaults below. `orrery config check` reads
  a file and prints what it finds.
- **Overrides.** An environment variable `ORRERY__SECTION__KEY=value` replaces a key of the file; `--set
  section.key=value` on the command line replaces both. Values are written as in TOML; plain words need no quotes, and
  lists may be separated by commas: `--set market_data.symbols=BTCUSDT,ETHUSDT`. Elements of lists are numbered from 0:
  `--set strategies[0].timeframe=5m`. Names inside maps keep their case in the environment, too:
  `ORRERY__DATA_SOURCE__SIMULATED__INITIAL_PRICES__BTCUSDT=60000`, `ORRERY__STRATEGIES__0__PARAMS__fast=5`.
- **`PROMETHEUS_PORT`** sets the metrics port of a service that is started alone.
- **Errors** come all at once, one line each: `<file>:<line>: <section.key>: expected …, found …`; an override names
  itself as the place.
- **Names of files** (strategies, recordings) are looked up beside the config file, in the folder above it, in the
  working folder and in the project.
- **Symbols.** Where `market_data.symbols` is not given, the symbols of the strategies are followed.
- **Secrets** never stand in a configuration, only the names of the environment variables that hold them.
- Money and sizes are read exactly as written: `0.1` is a tenth.
"""


def reference() -> str:
    """Return the whole page as Markdown."""
    return INTRODUCTION + "".join(_sections(Config, ""))


def _sections(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        below, many = _section_below(field)
        if below is None:
            continue
        path = f"{prefix}{name}"
        yield f"\n## `{'[[' if many else '['}{path}{']]' if many else ']'}`\n\n{below.__doc__}\n"
        rows = [_row(key, inner) for key, inner in below.model_fields.items() if _section_below(inner)[0] is None]
        if rows:
            yield "\n| key | accepts | default | meaning |\n|---|---|---|---|\n" + "".join(rows)
        yield from _sections(below, f"{path}.")


def _section_below(field: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """Return the section that a field holds, and whether it holds many of them."""
    node = unwrapped(Node(field.annotation))
    if get_origin(node.annotation) is list:
        return model_of(Node(get_args(node.annotation)[0])), True
    return model_of(node), False


def _row(key: str, field: FieldInfo) -> str:
    accepts = in_words(Node(field.annotation, field.metadata)).replace("|", "\\|")
    return f"| `{key}` | {accepts} | {_default(field)} | {field.description} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return f"`{_as_toml(field.get_default(call_default_factory=True))}`"


def _as_toml(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, str) and not isinstance(value, Enum):
        return json.dumps(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_as_toml, value)) + "]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.stdout.write(reference())
