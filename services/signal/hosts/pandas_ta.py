"""Indicators by name from pandas-ta, as `indicators.ta("hma", {length = 20})` asks for them.

How it works: `pandas_ta.json` beside this file says which there are, with their inputs, outputs and parameters, and which
are refused and why; it is made by `python -m orrery.indicators.survey`. The library itself, which takes a second and
100 MB to import, is imported when one of them is computed for the first time.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from services.signal.core.indicator import Indicator, IndicatorKey, Number, Parameter
from services.signal.core.indicators import add_family
from services.signal.core.window import Columns, Outputs, Windowed, window_kind

FAMILY = "ta:"
"""What the names of these indicators begin with, where they stand beside our own."""
READER = "ta"
"""What strategies call them by: `indicators.ta(name, parameters)`."""
TABLE = Path(__file__).with_suffix(".json")
LOGICAL = ("false", "true")
"""The choices of a parameter that is true or false in Lua."""
ARGUMENTS = {"open": "open_"}
"""Names of the library's columns, where they are not ours."""


class Option(msgspec.Struct, frozen=True, omit_defaults=True):
    """A parameter. choices: the names it takes, and then `default` is the number of one, from 0 on."""

    name: str
    default: float
    minimum: float = 0
    maximum: float = 0
    integer: bool = True
    choices: tuple[str, ...] = ()

    def parameter(self) -> Parameter:
        """Return it as indicators know their parameters: choices by their numbers."""
        if self.choices:
            return Parameter(self.name, 0, len(self.choices) - 1, self.default)
        return Parameter(self.name, self.minimum, self.maximum, self.default, self.integer)

    def shown(self, value: float) -> str:
        """Return a value as people write it."""
        return self.choices[int(value)] if self.choices else f"{value:g}"

    def given(self, value: Number) -> Any:
        """Return a value as the library takes it."""
        if self.choices == LOGICAL:
            return bool(value)
        if self.choices:
            return self.choices[int(value)]
        return int(value) if self.integer else float(value)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """An indicator of the library. outputs: its columns, named as with the defaults. refused: why it is not offered.

    bars: of the window. fixed: what it is always called with. begins: by how much the latest value differs, relative
    to its size, when the window begins as many bars earlier (0 where it does not matter).
    """

    name: str
    title: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    fixed: dict[str, Any] = {}
    bars: int = 0
    begins: float = 0.0
    refused: str = ""

    @property
    def written(self) -> str:
        """Return it with its parameters and their defaults."""
        return f"ta:{self.name}({', '.join(f'{each.name} = {each.shown(each.default)}' for each in self.options)})"


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return all indicators of the library by their names, refused ones too."""
    return {entry.name: entry for entry in msgspec.json.decode(TABLE.read_bytes(), type=list[Entry])}


@cache
def library() -> ModuleType:
    """Return pandas-ta, told to compute everything itself.

    Where TA-Lib is installed it would be used for some, with other seeds: results must not depend on that.
    """
    import pandas_ta

    module: ModuleType = pandas_ta
    module.Imports["talib"] = False
    return module


def call(entry: Entry, series: Mapping[str, Any], named: Mapping[str, Any]) -> Any:
    """Return what the library's function answers, a series or a frame. named: parameters by their names.

    None, and an error too, mean that the window is too short for it: pandas-ta has no other way to say so.
    """
    columns = {ARGUMENTS.get(name, name): series[name] for name in entry.inputs}
    function = getattr(library(), entry.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # divisions by nothing; what is not finite is nil
            found = function(**columns, **entry.fixed, **named)
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None
    return found[0] if isinstance(found, tuple) else found


def _computed(entry: Entry) -> Callable[[Columns, tuple[Number, ...]], Outputs]:
    nothing = (None,) * len(entry.outputs)

    def compute(columns: Columns, parameters: tuple[Number, ...]) -> Outputs:
        import numpy as np
        from pandas import Series

        series = {name: Series(np.array(column)) for name, column in zip(entry.inputs, columns, strict=True)}
        named = {option.name: option.given(value) for option, value in zip(entry.options, parameters, strict=True)}
        found = call(entry, series, named)
        if found is None or len(found) != len(columns[0]):
            return nothing
        last = found.to_numpy(dtype=np.float64)[-1:].ravel().tolist()
        return tuple(value if isfinite(value) else None for value in last)

    return compute


@cache
def _kind(name: str) -> type[Indicator] | None:
    entry = catalogue().get(name.removeprefix(FAMILY))
    if entry is None or entry.refused:
        return None
    parameters = tuple(option.parameter() for option in entry.options)
    choices = tuple(option.choices for option in entry.options)
    return window_kind(Windowed(name, entry.inputs, entry.outputs, parameters, choices, entry.bars, _computed(entry)))


def install(keys: Iterable[IndicatorKey] = ()) -> None:
    """Let indicators be asked for as `ta:hma`; may be called again. keys: of a strategy that will be running."""
    add_family(FAMILY, _kind)
    if any(key.name.startswith(FAMILY) for key in keys):
        library()  # a second, better now than at the first bar


def close_names(name: str) -> list[str]:
    """Return names of indicators that are written much like this one."""
    return get_close_matches(name, [entry.name for entry in catalogue().values() if not entry.refused], n=3)


def meant(text: str) -> str:
    """Return the names that a strategy may have meant, in words, by the error it got; "" where it is another error."""
    unknown = re.search(r'indicators\.ta\("(\w+)"\): pandas-ta has no', text)
    close = close_names(unknown.group(1)) if unknown else []
    return f"did you mean {' or '.join(close)}? " if close else ""


@cache
def catalogue_text() -> str:
    """Return the catalogue for Lua: a line for each indicator, which Lua looks for and reads only when it is asked for.

    `name|outputs|parameter:minimum:maximum:default:i or f:choice,choice|…`, or `name|!why it is refused`.
    """
    lines = []
    for entry in catalogue().values():
        fields = [entry.name, f"!{entry.refused}" if entry.refused else f"{len(entry.outputs)}"]
        for option in entry.options:
            name, low, high, default, integer = option.parameter()
            bounds = f"{low!r}:{high!r}:{default!r}"
            fields.append(f"{name}:{bounds}:{'i' if integer else 'f'}:{','.join(option.choices)}")
        lines.append("|".join(fields))
    return "\n" + "\n".join(lines) + "\n"
