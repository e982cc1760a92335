"""Indicators by name from a library that knows whole columns only: computed at each close on the latest bars.

How it works: the latest bars lie in one array per input. At each close the library is given the columns and answers the
outputs at the last bar. It never sees a later bar, and what it answers depends on the window and the parameters alone: so
it is the same live, in a backtest, in a replay and after a restart.
"""

from array import array
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from services.signal.core.indicator import Indicator, Number, Parameter, Value

Columns = Sequence["array[float]"]
"""The window, one array per input in the order of the inputs, oldest bar first."""

Outputs = tuple[float | None, ...]
"""What an indicator answers at the last bar of the window; None where it has no value there."""


class Windowed(NamedTuple):
    """An indicator of a library. bars: of the window, at most.

    parameters: those that choose from names take the number of the name in `choices`, from 0 on.
    compute: from columns and parameters to the outputs at the last bar.
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    choices: tuple[tuple[str, ...], ...]
    bars: int
    compute: Callable[[Columns, tuple[Number, ...]], Outputs]


class WindowIndicator:
    """An indicator of a library with its parameters on one symbol; subclasses say which."""

    WINDOWED: ClassVar[Windowed]
    INPUTS: ClassVar[tuple[str, ...]]
    OUTPUTS: ClassVar[tuple[str, ...]]
    PARAMETERS: ClassVar[tuple[Parameter, ...]]

    __slots__ = ("_columns", "_given", "value")

    def __init__(self, *parameters: Number) -> None:
        self._given = parameters
        self._columns = tuple(array("d") for _ in self.INPUTS)
        self.value: Value | Outputs = None

    def update(self, *fields: float) -> Any:
        """Take a bar; return the outputs, each None where it has no value."""
        bars = self.WINDOWED.bars
        for column, field in zip(self._columns, fields, strict=True):
            if len(column) == 2 * bars:
                del column[:bars]
            column.append(field)
        return self._computed()

    def fill(self, columns: Sequence[Sequence[float]]) -> None:
        """Take bars as columns; be as if they had come one by one, at the cost of one."""
        for column, more in zip(self._columns, columns, strict=True):
            column.extend(more)
            del column[: -self.WINDOWED.bars]
        self._computed()

    def _computed(self) -> Any:
        bars = self.WINDOWED.bars
        outputs = self.WINDOWED.compute([column[-bars:] for column in self._columns], self._given)
        assert len(outputs) == len(self.OUTPUTS), f"{self.WINDOWED.name}: expected {self.OUTPUTS}, found {outputs}"
        self.value = outputs if len(outputs) > 1 else outputs[0]
        return self.value

    @classmethod
    def written(cls, parameters: Sequence[Number], behind: Sequence[str] = ()) -> str:
        """Return it as a strategy writes it, such as `ta("hma", {length = 20}, "1h")`; defaults are left out."""
        given = []
        for parameter, choices, value in zip(cls.PARAMETERS, cls.WINDOWED.choices, parameters, strict=True):
            if value != parameter.default:
                given.append(f"{parameter.name} = {_literal(choices[int(value)]) if choices else f'{value:g}'}")
        family, _, name = cls.WINDOWED.name.partition(":")
        table = [f"{{{', '.join(given)}}}"] if given else ["nil"] if behind else []
        return f"{family}({', '.join([f'"{name}"', *table, *behind])})"

    def state(self) -> tuple[Any, ...]:
        """Return all that is remembered: the bars of the window, as float64, and the latest outputs."""
        bars = self.WINDOWED.bars
        return (*(column[-bars:].tobytes() for column in self._columns), self.value)

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state` returned."""
        *columns, value = state
        for column, saved in zip(self._columns, columns, strict=True):
            del column[:]
            column.frombytes(saved)
        self.value = tuple(value) if isinstance(value, list) else value


def _literal(choice: str) -> str:
    return choice if choice in ("true", "false") else f'"{choice}"'


def window_kind(windowed: Windowed) -> type[Indicator]:
    """Return the indicator that an entry of a library makes."""
    members = {
        "__doc__": f"{windowed.name}, computed on a window.",
        "__slots__": (),
        "WINDOWED": windowed,
        "INPUTS": windowed.inputs,
        "OUTPUTS": windowed.outputs,
        "PARAMETERS": windowed.parameters,
    }
    return type(windowed.name, (WindowIndicator,), members)
