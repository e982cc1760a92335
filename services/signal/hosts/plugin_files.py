"""Plug-in indicators from outside: Python and Lua files, and the entry points of installed packages.

A plug-in is a module, or any object, with `compute(columns, params)`, and, where the defaults do not fit, INPUTS, OUTPUTS,
PARAMETERS and `warmup(params)`; or with a class `Indicator` that takes bar after bar. Python plug-ins are trusted code: no
fence holds them.
"""

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from math import isfinite
from pathlib import Path
from typing import Any

from services.signal.core.indicator import Indicator, Number, Parameter
from services.signal.core.indicators import register, unregister
from services.signal.core.plugins import FIELDS, Columns, Plugin, PluginFailedError, Row, kind_of
from services.signal.hosts.dead_indicator import dead_kind
from services.signal.hosts.lua_indicator import lua_kind
from services.signal.hosts.trial_notes import Notes, noted

GROUP = "orrery.indicators"
"""Entry points of this group are plug-ins, by their names."""
STREAMING = ("INPUTS", "OUTPUTS", "PARAMETERS", "update", "state", "restore")
"""What a plug-in's class `Indicator` has to have."""


class PluginError(Exception):
    """A plug-in that cannot be used; the text says which, what was expected and what was found."""


def install(
    files: Sequence[Path] = (), unloadable: Mapping[str, str] | None = None, notes: Notes | None = None
) -> list[str]:
    """Register the plug-ins of installed packages and of files; return their names.

    unloadable: those that are not loaded, by package's name or path, and why; who asks them is told so. notes: of a trial, if
    this is for one.

    Raises:
        PluginError: one of them cannot be used.
    """
    entries = [(entry.name, entry.name, partial(_kind_of, entry)) for entry in entry_points(group=GROUP)]
    entries += [(path.stem, str(path), partial(_kind_in, path)) for path in files]
    found: list[tuple[str, type[Indicator]]] = []
    for name, where, load in entries:
        if unloadable and where in unloadable:
            found.append((name, dead_kind(unloadable[where])))
            continue
        if notes is None:
            found.append((name, load()))
        else:
            notes.load(where)
            found.append((name, noted(name, Path(where).name, load(), notes)))
    for name, kind in found:
        try:
            register(name, kind)
        except ValueError as error:
            raise PluginError(f"plug-in {error}") from error
    return [name for name, _ in found]


def has_plugins(files: Sequence[Path] = ()) -> bool:
    """Return whether there is anything to install."""
    return bool(files) or bool(entry_points(group=GROUP))


@contextmanager
def installed(files: Sequence[Path]) -> Iterator[list[str]]:
    """Install plug-ins for as long as the context lasts."""
    names = install(files)
    try:
        yield names
    finally:
        for name in names:
            unregister(name)


def _kind_of(entry: EntryPoint) -> type[Indicator]:
    return _kind(entry.name, entry.name, _loaded(entry.name, entry.load))


def _loaded(name: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(f"plug-in {name}: cannot be loaded: {type(error).__name__}: {error}") from error


def _kind_in(path: Path) -> type[Indicator]:
    if not path.is_file():
        raise PluginError(f"{path}: expected a Python or Lua file of an indicator, found none")
    if not path.stem.isidentifier():
        raise PluginError(f"{path}: expected a file named as the indicator, such as zscore.py")
    if path.suffix == ".lua":
        try:
            return lua_kind(path.stem, path.read_bytes(), path.name)
        except ValueError as error:
            raise PluginError(str(error)) from error
    return _kind(path.stem, path.name, _loaded(path.name, lambda: _module(path)))


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"orrery_indicator_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path}: expected a file that ends in .py or .lua")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _kind(name: str, where: str, given: Any) -> type[Indicator]:
    kind = given if isinstance(given, type) else getattr(given, "Indicator", None)
    if kind is not None:
        missing = [part for part in STREAMING if not hasattr(kind, part)]
        if missing:
            raise PluginError(f"{where}: Indicator: expected {', '.join(STREAMING)}, found no {missing[0]}")
        return kind
    if not callable(getattr(given, "compute", None)):
        raise PluginError(f"{where}: expected a function compute(columns, params) or a class Indicator, found neither")
    return kind_of(_vectorised(name, where, given))


def _vectorised(name: str, where: str, given: Any) -> Plugin:
    inputs = _names(where, "INPUTS", getattr(given, "INPUTS", ("close",)))
    unknown = [field for field in inputs if field not in FIELDS]
    if unknown:
        raise PluginError(f"{where}: INPUTS: expected some of {', '.join(FIELDS)}, found {unknown[0]}")
    outputs = _names(where, "OUTPUTS", getattr(given, "OUTPUTS", (name,)))
    warmup = getattr(given, "warmup", _no_warmup)
    return Plugin(
        name, inputs, outputs, _parameters(where, given), warmup, _computed(where, given.compute, len(outputs))
    )


def _no_warmup(_params: Mapping[str, Number]) -> int:
    return 0


def _names(where: str, what: str, given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not given or not all(isinstance(name, str) and name for name in given):
        raise PluginError(f"{where}: {what}: expected a tuple of names, found {given!r}")
    return tuple(given)


def _parameters(where: str, given: Any) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for name, bounds in getattr(given, "PARAMETERS", {}).items():
        try:
            low, high, *rest = bounds
            default = rest[0] if rest else None
        except (TypeError, ValueError):
            raise PluginError(
                f"{where}: PARAMETERS: {name}: expected (least, most, default), found {bounds!r}"
            ) from None
        found.append(Parameter(name, low, high, default, integer=all(isinstance(value, int) for value in bounds)))
    return tuple(found)


def _computed(
    where: str, compute: Callable[..., Any], outputs: int
) -> Callable[[Columns, Mapping[str, Number]], Sequence[Row]]:
    """Return `compute` from read-only arrays to one row of numbers a bar; NaN becomes None."""
    import numpy as np

    def rows(columns: Columns, given: Mapping[str, Number]) -> Sequence[Row]:
        arrays = {name: np.array(column) for name, column in columns.items()}
        bars = len(next(iter(arrays.values())))
        try:
            found = compute(arrays, dict(given))
        except MemoryError:
            raise
        except Exception as error:
            raise PluginFailedError(f"{where}: compute: {type(error).__name__}: {error}") from error
        each = found if isinstance(found, tuple) else (found,)
        if len(each) != outputs:
            raise PluginFailedError(f"{where}: compute: expected {outputs} arrays, found {len(each)}")
        lists: list[list[float | None]] = []
        for column in each:
            array = np.asarray(column, dtype=np.float64)
            if array.shape != (bars,):
                raise PluginFailedError(
                    f"{where}: compute: expected {bars} values, one a bar, found shape {array.shape}"
                )
            lists.append([value if isfinite(value) else None for value in array.tolist()])
        return list(zip(*lists, strict=True))

    return rows
