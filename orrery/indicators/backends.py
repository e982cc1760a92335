"""The implementations of the indicators, each by name: ours, the OCaml program, pandas-ta, TA-Lib."""

import importlib.util
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from orrery.errors import CommandLineError
from orrery.indicators.keys import entry_of
from orrery.indicators.shapes import Column, Function
from services.backtest.bars_table import BarTable
from services.signal.core.indicator import Indicator, IndicatorKey, Value
from services.signal.core.indicators import BUILT_IN, REGISTRY
from services.signal.hosts.ocaml import OcamlError, OcamlIndicators, OcamlUnavailableError, find_program

Backend = Callable[[IndicatorKey, BarTable], dict[str, Column]]
"""Computes the outputs of an indicator over all bars; NaN where there is no value yet."""

ROOT = Path(__file__).parents[2]
NATIVE, OCAML, PANDAS_TA, TA_LIB = "native", "ocaml", "pandas-ta", "ta-lib"
NAMES = (NATIVE, OCAML, PANDAS_TA, TA_LIB)
OCAML_SECONDS = 30.0
"""Time for the OCaml program to answer for a whole file, seconds."""


class MissingBackendError(CommandLineError):
    """An implementation is not installed; the text says how to get it."""


class UnknownHereError(Exception):
    """An implementation does not have this indicator."""


def columns_of(table: BarTable) -> dict[str, Sequence[float]]:
    """Return the columns of a table as lists: what bars hold, and `timestamp`, their beginnings in seconds."""
    names = ("open", "high", "low", "close", "volume", "start_ns", "end_ns")
    figures = {name: getattr(table, name).tolist() for name in names}
    return {**figures, "timestamp": (table.start_ns / 1e9).tolist()}


def _latest(last: int) -> Backend:
    """Return what computes as strategies do; of an indicator on a window for the latest bars only."""

    def compute(key: IndicatorKey, table: BarTable) -> dict[str, Column]:
        windowed = getattr(REGISTRY[key.name], "WINDOWED", None)
        if windowed is None or not last:
            return native(key, table)
        return native(key, table.rows(max(0, len(table) - last - windowed.bars), len(table)))

    return compute


def native(key: IndicatorKey, table: BarTable) -> dict[str, Column]:
    """Compute with the streaming form that strategies use, bar by bar."""
    kind = REGISTRY[key.name]
    update = kind(*key.parameters).update
    columns: dict[str, Sequence[Any]] = {**columns_of(table), "symbol": [table.symbol] * len(table)}
    values = [update(*row) for row in zip(*[columns[name] for name in kind.INPUTS], strict=True)]
    rows = np.array([_row(value, len(kind.OUTPUTS)) for value in values], dtype=np.float64)
    return {name: rows[:, slot] for slot, name in enumerate(kind.OUTPUTS)}


def _row(value: Value, outputs: int) -> list[float]:
    each = value if isinstance(value, tuple) else (value,) * outputs
    return [math.nan if one is None else one for one in each]


def _ocaml(program: OcamlIndicators) -> Backend:
    def compute(key: IndicatorKey, table: BarTable) -> dict[str, Column]:
        if key.name not in BUILT_IN:
            raise UnknownHereError
        kind, columns = REGISTRY[key.name], columns_of(table)
        inputs = ["timestamp" if name == "start_ns" else name for name in kind.INPUTS]
        names = [parameter.name for parameter in kind.PARAMETERS]
        try:
            found = program.compute(key, names, kind.OUTPUTS, {name: columns[name] for name in inputs})
        except OcamlError as error:
            if error.code == "unknown_indicator":
                raise UnknownHereError from error
            raise CommandLineError(f"ocaml-indicators: {error}") from error
        except OcamlUnavailableError as error:
            raise CommandLineError(str(error)) from error
        return {name: np.array(values, dtype=np.float64) for name, values in found.items()}

    return compute


def _foreign(functions: Mapping[str, Function]) -> Backend:
    def compute(key: IndicatorKey, table: BarTable) -> dict[str, Column]:
        function = functions.get(key.name)
        if function is None:
            raise UnknownHereError
        outputs = REGISTRY[key.name].OUTPUTS
        return dict(zip(outputs, function(table, *key.parameters), strict=True))

    return compute


@contextmanager
def backend(name: str, last: int = 0) -> Iterator[Backend]:
    """Return an implementation by its name. last: bars wanted, where fewer than all are cheaper; 0 for all.

    Raises:
        MissingBackendError: it is not installed, or not built.
    """
    if name == NATIVE:
        yield _latest(last)
    elif name == OCAML:
        program = find_program(ROOT)
        if program is None:
            raise MissingBackendError("ocaml-indicators: expected the program, found none; `make ocaml` builds it")
        with OcamlIndicators([str(program)], OCAML_SECONDS) as running:
            yield _ocaml(running)
    else:
        if importlib.util.find_spec("pandas_ta" if name == PANDAS_TA else "talib") is None:
            raise MissingBackendError(f"{name}: expected the package, found none; `pip install {name}` brings it")
        if name == PANDAS_TA:
            yield _pandas_ta()
        else:
            from orrery.indicators.from_ta_lib import ta_lib

            yield _foreign(ta_lib())


def _pandas_ta() -> Backend:
    from orrery.indicators.from_pandas_ta import FUNCTIONS, whole

    ours = _foreign(FUNCTIONS)

    def compute(key: IndicatorKey, table: BarTable) -> dict[str, Column]:
        entry = entry_of(key.name)
        return ours(key, table) if entry is None else whole(entry, key, table)

    return compute


def inputs_of(kind: type[Indicator]) -> tuple[str, ...]:
    """Return the columns an indicator takes, as people know them."""
    return tuple("time" if name == "start_ns" else name for name in kind.INPUTS)
