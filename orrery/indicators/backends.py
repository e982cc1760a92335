"""The implementations of the indicators, each by name: ours, the OCaml program, pandas-ta, TA-Lib."""

import importlib.util
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from orrery.errors import CommandLineError
from orrery.indicators import foreign
from services.backtest.bars_table import BarTable
from services.signal.core.indicator import Indicator, IndicatorKey
from services.signal.core.indicators import REGISTRY
from services.signal.hosts.ocaml import OcamlError, OcamlIndicators, OcamlUnavailableError, find_program

Column = npt.NDArray[np.float64]
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
    figures = {name: getattr(table, name).tolist() for name in ("open", "high", "low", "close", "volume")}
    return {**figures, "start_ns": table.start_ns.tolist(), "timestamp": (table.start_ns / 1e9).tolist()}


def native(key: IndicatorKey, table: BarTable) -> dict[str, Column]:
    """Compute with the streaming form that strategies use, bar by bar."""
    kind = REGISTRY[key.name]
    update, columns = kind(*key.parameters).update, columns_of(table)
    values = [update(*row) for row in zip(*[columns[name] for name in kind.INPUTS], strict=True)]
    rows = np.full((len(values), len(kind.OUTPUTS)), math.nan)
    for number, value in enumerate(values):
        if value is not None:
            rows[number] = value
    return {name: rows[:, slot] for slot, name in enumerate(kind.OUTPUTS)}


def _ocaml(program: OcamlIndicators) -> Backend:
    def compute(key: IndicatorKey, table: BarTable) -> dict[str, Column]:
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


def _foreign(functions: Mapping[str, foreign.Function]) -> Backend:
    def compute(key: IndicatorKey, table: BarTable) -> dict[str, Column]:
        function = functions.get(key.name)
        if function is None:
            raise UnknownHereError
        outputs = REGISTRY[key.name].OUTPUTS
        return dict(zip(outputs, function(table, *key.parameters), strict=True))

    return compute


@contextmanager
def backend(name: str) -> Iterator[Backend]:
    """Return an implementation by its name.

    Raises:
        MissingBackendError: it is not installed, or not built.
    """
    if name == NATIVE:
        yield native
    elif name == OCAML:
        program = find_program(ROOT)
        if program is None:
            raise MissingBackendError("ocaml-indicators: expected the program, found none; `make ocaml` builds it")
        with OcamlIndicators([str(program)], OCAML_SECONDS) as running:
            yield _ocaml(running)
    else:
        module, functions = ("pandas_ta", foreign.pandas_ta) if name == PANDAS_TA else ("talib", foreign.ta_lib)
        if importlib.util.find_spec(module) is None:
            raise MissingBackendError(f"{name}: expected the package, found none; `pip install {name}` brings it")
        yield _foreign(functions())


def inputs_of(kind: type[Indicator]) -> tuple[str, ...]:
    """Return the columns an indicator takes, as people know them."""
    return tuple("time" if name == "start_ns" else name for name in kind.INPUTS)
